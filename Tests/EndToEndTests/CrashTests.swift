import DeviceSimulator
import Glibc
import ServiceRuntime
import Synchronization
import Testing

@Suite("A server that is killed", .timeLimit(.minutes(25)))
struct CrashTests {
    private static let limit = 4

    @Test(
        "kill -9 under load, again and again: what a device has is recorded, and no limit is exceeded",
        arguments: StoreKind.allCases
    )
    func killed(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(Place.Settings(deviceLimit: Self.limit), on: store) { gatehouse in
            var received: Set<String> = []
            for round in 1...3 {
                if round > 1 { try await gatehouse.start() }
                // Few users with many devices each, so that the limit is under pressure while the server dies.
                let report = try await gatehouse.load(devices: 48, killedAfter: 4 * round)
                received.formUnion(report.enrolledDevices.map(\.serialNumber))
                #expect(report.firstDeviation == nil)
                #expect(!gatehouse.isRunning)
            }
            #expect(received.count >= 4)

            try await gatehouse.start()
            let audit = StoreAudit(gatehouse.place)
            let missing = received.subtracting(try await audit.issued())
            #expect(missing.isEmpty, "devices hold certificates that the store does not: \(missing)")
            try await audit.expectSound(limit: Self.limit)
            // And it still works, for somebody who took no part.
            _ = try await gatehouse.simulation("kim").enroll()
        }
    }
}

extension RunningGatehouse {
    /// Lets devices enroll and kills the server once some of them have.
    fileprivate func load(devices: Int, killedAfter count: Int) async throws -> SimulationReport {
        var simulation = try self.simulation((1...12).map { Person.numbered($0) })
        simulation.devices = devices
        simulation.concurrency = 8
        simulation.probes = false
        simulation.provesPossession = false
        let enrolled = Mutex(0)
        let shutdown = ShutdownSignal()
        let report = await simulation.run(until: shutdown) { event in
            guard case .finished(_, let outcome) = event, case .success = outcome.result else { return }
            let isTime = enrolled.withLock { enrolled in
                enrolled += 1
                return enrolled == count
            }
            // The other seven devices are in the middle of it.
            guard isTime else { return }
            self.signal(SIGKILL)
            shutdown.raise()
        }
        #expect(try await self.end() == -1)
        return report
    }
}
