import DeviceSimulator
import Foundation
import Glibc
import SQLText
import SQLiteKit
import ServiceRuntime
import Synchronization
import Testing

@Suite("Signals", .timeLimit(.minutes(25)))
struct SignalTests {
    @Test("SIGTERM under load: whatever was recorded as issued has reached its device", arguments: StoreKind.allCases)
    func drain(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            var simulation = try gatehouse.simulation((1...20).map { Person.numbered($0) })
            simulation.devices = 80
            simulation.concurrency = 6
            simulation.probes = false
            simulation.provesPossession = false
            let enrolled = Mutex(0)
            let shutdown = ShutdownSignal()
            let report = await simulation.run(until: shutdown) { event in
                guard case .finished(_, let outcome) = event, case .success = outcome.result else { return }
                let isTenth = enrolled.withLock { count in
                    count += 1
                    return count == 10
                }
                // The other five devices are in the middle of it.
                if isTenth { gatehouse.signal(SIGTERM) }
                if !gatehouse.isRunning { shutdown.raise() }
            }
            #expect(try await gatehouse.end() == 0)
            #expect(gatehouse.log.hasSuffix(" notice stopped\n"), "\(gatehouse.log.suffix(500))")
            #expect(report.enrolled >= 10)
            #expect(report.faults.isEmpty, "\(report.failures)")
            let audit = StoreAudit(gatehouse.place)
            #expect(try await audit.issued() == Set(report.enrolledDevices.map(\.serialNumber)))
            try await audit.expectSound()
        }
    }

    @Test("SIGTERM before it is ready is a stop like any other")
    func early() async throws {
        try await RunningGatehouse.serve { gatehouse in
            #expect(try await gatehouse.stop() == 0)
            // It makes them anew at the start, and says so while it is still busy.
            try SQLiteConnection(path: gatehouse.place.database, access: .readWrite)
                .execute("DELETE FROM service_certificate WHERE use LIKE 'ocsp/%'")
            try await gatehouse.start(until: "service certificate renewed")
            #expect(try await gatehouse.stop() == 0, "\(gatehouse.log.suffix(500))")
            #expect(gatehouse.log.hasSuffix(" notice stopped\n"), "\(gatehouse.log.suffix(500))")
        }
    }

    @Test("SIGHUP puts a changed limit into effect, and a broken configuration changes nothing and is reported")
    func reload() async throws {
        try await RunningGatehouse.serve(Place.Settings(deviceLimit: 1)) { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.simulation("kim").enroll()
            #expect(try await gatehouse.simulation("kim").fault().fault.errorType == "DeviceCapReached")

            try place.write(Place.Settings(deviceLimit: 2))
            gatehouse.signal(SIGHUP)
            try await gatehouse.wait("reloaded") { gatehouse.log.contains("configuration reloaded") }
            _ = try await gatehouse.simulation("kim").enroll()
            #expect(try await gatehouse.simulation("kim").fault().fault.errorType == "DeviceCapReached")

            try place.write(Place.Settings(deviceLimit: 9, more: "devicelimit: {}"))
            gatehouse.signal(SIGHUP)
            try await gatehouse.wait("refused") { gatehouse.log.contains("configuration not reloaded") }
            #expect(gatehouse.log.contains("deviceLimit"), "the nearest known key is named")
            #expect(try await gatehouse.simulation("kim").fault().fault.errorType == "DeviceCapReached")

            try place.write(Place.Settings(deviceLimit: 3))
            gatehouse.signal(SIGHUP)
            try await gatehouse.wait("reloaded again") {
                gatehouse.log.ranges(of: "configuration reloaded").count == 2
            }
            _ = try await gatehouse.simulation("kim").enroll()
        }
    }

    @Test("SIGHUP does not send certificates to CRLs that nobody publishes before the next start")
    func addresses() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let text = try String(contentsOf: place.configuration, encoding: .utf8)
            let changed = text.replacing("pki: \"http://\(Place.host)", with: "pki: \"http://pki.moved.example")
            try #require(changed != text)
            try place.write(changed)
            gatehouse.signal(SIGHUP)
            try await gatehouse.wait("warned") { gatehouse.log.contains("keys=urls.pki") }
            let certificate = String(
                decoding: try await gatehouse.simulation("kim").enroll().certificate,
                as: UTF8.self
            )
            #expect(certificate.contains("http://\(Place.host)"))
            #expect(!certificate.contains("pki.moved.example"))
        }
    }

    @Test("SIGHUP under load costs nobody an answer and leaves no connection behind")
    func reloadUnderLoad() async throws {
        try await RunningGatehouse.serve(Place.Settings(deviceLimit: 30)) { gatehouse in
            var simulation = try gatehouse.simulation((1...20).map { Person.numbered($0) })
            simulation.devices = 40
            simulation.concurrency = 4
            let report = await simulation.run(until: ShutdownSignal()) { event in
                guard case .finished(let device, _) = event, device.isMultiple(of: 5) else { return }
                gatehouse.signal(SIGHUP)
            }
            #expect(report.enrolled == 40, "\(report.failures)")

            // Each of these gives the directory's connections to a new configuration.
            for round in 1...12 {
                let before = gatehouse.log.ranges(of: "configuration reloaded").count
                gatehouse.signal(SIGHUP)
                try await gatehouse.wait("reload \(round)") {
                    gatehouse.log.ranges(of: "configuration reloaded").count > before
                }
                simulation.devices = 2
                simulation.concurrency = 2
                #expect(await simulation.run().enrolled == 2)
            }
            // Beside many other tests that takes minutes now and then.
            for _ in 0..<3_000 where try gatehouse.openFiles().count >= 60 {
                try await Task.sleep(for: .milliseconds(100))
            }
            let open = try gatehouse.openFiles()
            #expect(open.count < 60, "still open: \(open.sorted())")
        }
    }
}

extension RunningGatehouse {
    /// What the program has open; sockets by number.
    fileprivate func openFiles() throws -> [String] {
        let folder = "/proc/\(self.processIdentifier)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
            // One that was closed meanwhile has nothing to show any more.
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) ?? "closed"
        }
    }
}
