import ServiceRuntime
import Synchronization
import Testing

@testable import DeviceSimulator

@Suite("A simulation against a server that is not ours")
struct WindowsSimulationTests {
    private func withServer(
        _ behavior: String,
        _ body: (WindowsSimulation, TestAuthority) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let server = try StubServer(authority, behavior: behavior)
        defer {
            server.stop()
            authority.openssl.remove()
        }
        var simulation = WindowsSimulation(users: [SimulatedUser(name: "kim@example.test", password: "right")])
        simulation.discoveryAddress =
            "https://enterpriseenrollment.example.test:\(server.port)/EnrollmentServer/Discovery.svc"
        simulation.resolve = ["enterpriseenrollment.example.test:\(server.port):127.0.0.1"]
        simulation.trustedAuthorities = try authority.openssl.read("root.pem")
        simulation.seed = 11
        try await body(simulation, authority)
    }

    @Test("a device goes all the way and proves that it holds its certificate's key")
    func one() async throws {
        try await self.withServer("good") { simulation, authority in
            let events = Mutex<[String]>([])
            let report = await simulation.run(until: ShutdownSignal()) { event in
                events.withLock { $0.append(event.description) }
            }
            let outcome = try #require(report.outcomes.first)
            let enrolled = try outcome.result.get()
            #expect(report.enrolled == 1)
            #expect(outcome.steps.map(\.step) == [.probe, .discover, .policy, .enroll, .possession])
            #expect(enrolled.provedPossession)
            #expect(enrolled.seenByServer?.hasPrefix("verified") == true)
            // Python writes the number, not the octets: no zeros ahead.
            let number =
                enrolled.serialNumber.hasPrefix("00") ? enrolled.serialNumber.dropFirst(2) : enrolled.serialNumber[...]
            #expect(enrolled.seenByServer?.hasSuffix(number) == true)
            #expect(events.withLock { $0.count } == 6)
            #expect(events.withLock { $0[1].hasPrefix("discover … 200, ") })
            #expect(outcome.device == SimulatedDevice(seed: 11))
        }
    }

    @Test("a wrong password is a refusal with its code, and nothing follows it")
    func wrongPassword() async throws {
        try await self.withServer("good") { simulation, _ in
            var simulation = simulation
            simulation.users = [SimulatedUser(name: "kim@example.test", password: "wrong")]
            let report = await simulation.run(until: ShutdownSignal())
            guard case .failure(.refused(.policy, let fault)) = try #require(report.outcomes.first).result else {
                Issue.record("not refused: \(report.outcomes)")
                return
            }
            #expect(fault.deviceCode == "0x80180002")
            #expect(report.failures.map(\.kind) == ["policy refused: Authentication"])
            #expect(report.firstDeviation == nil)
        }
    }

    @Test("the first deviation of a server is the outcome")
    func deviation() async throws {
        try await self.withServer("lax") { simulation, _ in
            let report = await simulation.run(until: ShutdownSignal())
            #expect(report.firstDeviation?.rule == .nonce)
            #expect(report.failed == 1)
        }
    }

    @Test("a server whose authority is not trusted is not enrolled with")
    func untrusted() async throws {
        try await self.withServer("good") { simulation, _ in
            var simulation = simulation
            simulation.trustedAuthorities = nil
            let report = await simulation.run(until: ShutdownSignal())
            #expect(report.failures.map(\.kind) == ["probe unanswered: untrustedServer"])
        }
    }

    @Test(
        "many devices enroll at a time, in every mode of connection",
        arguments: WindowsSimulation.ConnectionMode.allCases
    )
    func many(mode: WindowsSimulation.ConnectionMode) async throws {
        try await self.withServer("refusing") { simulation, _ in
            var simulation = simulation
            simulation.users = (0..<6).map { SimulatedUser(name: "user\($0)@example.test", password: "right") }
            simulation.devices = 8
            simulation.concurrency = 3
            simulation.connections = mode
            simulation.distinctKeys = 2
            simulation.keptOutcomes = 3
            let lines = Mutex<[String]>([])
            simulation.progress = ProgressOutput(isTerminal: false) { line in lines.withLock { $0.append(line) } }
            let report = await simulation.run(until: ShutdownSignal())
            #expect(report.enrolled == 6)
            #expect(report.failed == 2)
            #expect(report.left == 0)
            #expect(report.whole.count == 6)
            #expect(report.outcomes.count == 3)
            #expect(report.failures.map(\.kind) == ["enroll refused: DeviceCapReached"])
            #expect(report.steps.first { $0.step == .enroll }?.times.count == 8)
            #expect(lines.withLock { $0.last?.hasPrefix("enrolling 8 of 8 (100 %), ") == true })
            #expect(lines.withLock { $0.last?.hasSuffix(", 2 failed\n") == true })
        }
    }

    @Test("a run that is told to stop begins no further device")
    func stop() async throws {
        try await self.withServer("good") { simulation, _ in
            var simulation = simulation
            simulation.devices = 50
            simulation.distinctKeys = 1
            let shutdown = ShutdownSignal()
            let report = await simulation.run(until: shutdown) { event in
                if case .finished = event { shutdown.raise() }
            }
            #expect(report.enrolled == 1)
            #expect(report.left == 49)
        }
    }
}
