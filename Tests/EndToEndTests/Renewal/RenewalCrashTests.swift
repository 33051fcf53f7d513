import DeviceSimulator
import Glibc
import ServiceRuntime
import Synchronization
import Testing

@Suite("A server that ends under renewals", .timeLimit(.minutes(25)))
struct RenewalCrashTests {
    @Test(
        "kill -9: every certificate that a device received is recorded, and every device renews again",
        arguments: StoreKind.allCases
    )
    func killed(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewableFleet, on: store) { gatehouse in
            var fleet = try await gatehouse.fleet(24)
            var received: Set<String> = []
            for round in 1...3 {
                let report = try await gatehouse.renewals(of: &fleet, endedBy: SIGKILL, after: 3 * round)
                #expect(try await gatehouse.end() == -1)
                received.formUnion(report.serialNumbers)
                #expect(report.firstDeviation == nil)
                try await gatehouse.start()
            }
            let audit = StoreAudit(gatehouse.place)
            #expect(received.subtracting(try await audit.everIssued()).isEmpty)
            try await gatehouse.expectRenewable(fleet)
            try await audit.expectSound()
        }
    }

    @Test(
        "SIGTERM: whatever was issued has reached its device, and every device renews after the restart",
        arguments: StoreKind.allCases
    )
    func drained(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(.renewableFleet, on: store) { gatehouse in
            var fleet = try await gatehouse.fleet(24)
            let audit = StoreAudit(gatehouse.place)
            let before = try await audit.everIssued()
            let report = try await gatehouse.renewals(of: &fleet, endedBy: SIGTERM, after: 5)
            #expect(try await gatehouse.end() == 0)
            #expect(report.renewed >= 5)
            #expect(try await audit.everIssued().subtracting(before) == report.serialNumbers)
            try await gatehouse.start()
            try await gatehouse.expectRenewable(fleet)
            try await audit.expectSound()
        }
    }
}

extension Place.Settings {
    fileprivate static var renewableFleet: Place.Settings {
        var settings = Place.Settings.renewable
        settings.deviceLimit = 100
        return settings
    }
}

extension RenewalReport {
    /// Of the certificates that were received, as upper-case hexadecimal.
    fileprivate var serialNumbers: Set<String> {
        Set(
            self.outcomes.compactMap { outcome in
                if case .success(let renewed) = outcome.result { renewed.certificate.serialNumber } else { nil }
            }
        )
    }
}

extension RunningGatehouse {
    fileprivate func fleet(_ count: Int) async throws -> [DeviceIdentity] {
        var simulation = try self.simulation((1...6).map { Person.numbered($0) })
        simulation.devices = count
        simulation.concurrency = 4
        simulation.probes = false
        simulation.provesPossession = false
        simulation.keyStock = try (0..<count).map { _ in try DeviceKey.generate(.ecdsaP256) }
        return try await simulation.run().enrolledDevices.map { try #require($0.identity) }
    }

    /// Lets the whole fleet renew, and sends the signal once some of it has.
    fileprivate func renewals(
        of fleet: inout [DeviceIdentity],
        endedBy signal: Int32,
        after count: Int
    ) async throws -> RenewalReport {
        let devices = Mutex(fleet)
        var renewal = WindowsRenewal(fleet.map { WindowsRenewal.Candidate($0, RenewalPlan()) })
        renewal.access = try self.access()
        renewal.concurrency = 6
        renewal.makesContact = false
        renewal.keep = { index, identity in devices.withLock { $0[index] = identity } }
        let renewed = Mutex(0)
        let shutdown = ShutdownSignal()
        let report = await renewal.run(until: shutdown) { event in
            guard case .finished(_, let outcome) = event, case .success = outcome.result else { return }
            let isTime = renewed.withLock { renewed in
                renewed += 1
                return renewed == count
            }
            // The other five devices are in the middle of it.
            guard isTime else { return }
            self.signal(signal)
            shutdown.raise()
        }
        fleet = devices.withLock { $0 }
        return report
    }

    /// Expects that each device renews with the certificate that it has.
    fileprivate func expectRenewable(_ fleet: [DeviceIdentity]) async throws {
        var renewal = WindowsRenewal(fleet.map { WindowsRenewal.Candidate($0, RenewalPlan()) })
        renewal.access = try self.access()
        renewal.concurrency = 4
        let report = await renewal.run(until: ShutdownSignal())
        #expect(report.renewed == fleet.count, "\(report.failures)")
    }
}
