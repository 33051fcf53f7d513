import Foundation
import ServiceRuntime
import Synchronization
import Testing

@testable import DeviceSimulator

@Suite("Renewals against a server that is not ours", .timeLimit(.minutes(25)))
struct WindowsRenewalTests {
    private struct Stage {
        let simulation: WindowsSimulation
        let folder: URL

        /// A device that enrolled and used its certificate.
        func enroll(seed: UInt64 = 11, user: String = "kim@example.test") async throws -> DeviceIdentity {
            var simulation = self.simulation
            simulation.seed = seed
            simulation.users = [SimulatedUser(name: user, password: "right")]
            let report = await simulation.run(until: ShutdownSignal())
            let enrolled = try #require(report.outcomes.first).result.get()
            return try #require(enrolled.identity)
        }

        func renewal(_ identity: DeviceIdentity, _ change: (inout RenewalPlan) -> Void = { _ in }) -> WindowsRenewal {
            var plan = RenewalPlan()
            plan.newKey = .fresh(.ecdsaP256)
            change(&plan)
            var renewal = WindowsRenewal([.init(identity, plan)])
            renewal.access = self.simulation.access
            return renewal
        }
    }

    private func withServer(_ behavior: String, _ body: (Stage) async throws -> Void) async throws {
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
        try await body(Stage(simulation: simulation, folder: authority.openssl.folder))
    }

    private func fault(_ report: RenewalReport) throws -> DeviceFault {
        guard case .failure(.refused(.renew, let fault)) = try #require(report.outcomes.first).result else {
            throw CocoaError(.featureUnsupported, userInfo: ["why": "not refused: \(report.outcomes)"])
        }
        return fault
    }

    @Test("a device renews by itself, keeps what it got, and shows it in TLS")
    func byItself() async throws {
        try await self.withServer("good") { stage in
            let identity = try await stage.enroll()
            let folder = IdentityFolder(stage.folder.appending(path: "laptop").path)
            try folder.create(identity)
            var renewal = stage.renewal(try folder.read()) { $0.newKey = .fresh(.rsa(bits: 2048)) }
            renewal.keep = { _, identity throws(SimulationFailure) in try folder.replace(with: identity) }
            let events = Mutex<[String]>([])
            let report = await renewal.run(until: ShutdownSignal()) { event in
                events.withLock { $0.append(event.description) }
            }
            let renewed = try #require(report.outcomes.first).result.get()
            #expect(report.renewed == 1)
            #expect(report.steps.map(\.step) == [.renew, .possession])
            #expect(renewed.madeContact)
            #expect(renewed.seenByServer?.hasPrefix("verified") == true)
            #expect(try folder.read().certificate == renewed.identity.certificate)
            #expect(try folder.read().renewals == 1)
            #expect(try folder.read(.previous).certificate == identity.certificate)
            #expect(renewed.certificate.sha256.count == 64)
            #expect(events.withLock { $0.first?.hasPrefix("renew … 200, ") == true })
            // The certificate before no longer counts.
            let late = await stage.renewal(try folder.read(.previous)).run(until: ShutdownSignal())
            #expect(try self.fault(late).errorType == "NotEligibleToRenew")
            #expect(late.failures.map(\.kind) == ["renew refused: NotEligibleToRenew"])
            #expect(try self.fault(late).traceID == "K7Q4-9M2X-TC3H")
            #expect(try self.fault(late).deviceCode == "0x80180016")
        }
    }

    @Test("every form a renewal can have is understood by openssl on the other side")
    func forms() async throws {
        try await self.withServer("good") { stage in
            var identity = try await stage.enroll()
            for number in 0..<16 {
                let renewal = stage.renewal(identity) { plan in
                    plan.form.valueType = number & 1 == 0 ? .mde2 : .mde1
                    plan.form.encoding = number & 2 == 0 ? .once : .twice
                    plan.form.namesCertificate = number & 4 == 0
                    plan.form.wrapsManagementMessage = number & 8 != 0
                    if number % 3 == 0 {
                        plan.proof = .password(SimulatedUser(name: "kim@example.test", password: "right"))
                    }
                }
                let report = await renewal.run(until: ShutdownSignal())
                identity = try #require(report.outcomes.first).result.get().identity
            }
            #expect(identity.renewals == 16)
        }
    }

    @Test("an answer that is lost leaves the device with what it has, and it renews again")
    func lost() async throws {
        try await self.withServer("good") { stage in
            let identity = try await stage.enroll()
            var renewal = stage.renewal(identity)
            renewal.losesAnswer = true
            renewal.repeats = 3
            renewal.keepsConnections = true
            let kept = Mutex(0)
            renewal.keep = { _, _ in kept.withLock { $0 += 1 } }
            let report = await renewal.run(until: ShutdownSignal())
            #expect(report.renewed == 3)
            #expect(report.steps.map(\.step) == [.renew])
            #expect(kept.withLock { $0 } == 0)
            #expect(try report.outcomes.allSatisfy { try $0.result.get().isLost })
            let again = await stage.renewal(identity).run(until: ShutdownSignal())
            #expect(again.renewed == 1)
        }
    }

    @Test("a device renews again and again, each time with the certificate it got last")
    func repeated() async throws {
        try await self.withServer("good") { stage in
            var renewal = stage.renewal(try await stage.enroll())
            renewal.repeats = 3
            let report = await renewal.run(until: ShutdownSignal())
            #expect(report.renewed == 3)
            #expect(Set(try report.outcomes.map { try $0.result.get().certificate.serialNumber }).count == 3)
        }
    }

    @Test("what is not the device's own is refused, and told as a refusal")
    func refusals() async throws {
        try await self.withServer("good") { stage in
            let identity = try await stage.enroll()
            let other = try await stage.enroll(seed: 12, user: "lee@example.test")
            let changes: [(inout RenewalPlan) -> Void] = [
                { $0.newKey = .same }, { $0.newKey = .fresh(.rsa(bits: 1024)) }, { $0.presented = other },
                { $0.signer = other }, { $0.proof = .messageAlone },
                { $0.proof = .password(SimulatedUser(name: "kim@example.test", password: "wrong")) },
            ]
            for change in changes {
                let report = await stage.renewal(identity, change).run(until: ShutdownSignal())
                #expect(try self.fault(report).errorType == "NotEligibleToRenew")
                #expect(report.firstDeviation == nil)
            }
        }
    }

    @Test("the first deviation of a server is the outcome, and nothing is kept")
    func deviation() async throws {
        try await self.withServer("talkative") { stage in
            var renewal = stage.renewal(try await stage.enroll())
            let kept = Mutex(0)
            renewal.keep = { _, _ in kept.withLock { $0 += 1 } }
            renewal.repeats = 2
            let report = await renewal.run(until: ShutdownSignal())
            #expect(report.firstDeviation?.rule == .renewalSurplus)
            #expect(report.failed == 1)
            #expect(report.left == 1)
            #expect(kept.withLock { $0 } == 0)
        }
    }

    @Test("many devices renew at a time")
    func many() async throws {
        try await self.withServer("good") { stage in
            var candidates: [WindowsRenewal.Candidate] = []
            var plan = RenewalPlan()
            plan.newKey = .fresh(.ecdsaP256)
            for number in 0..<5 {
                let identity = try await stage.enroll(seed: UInt64(100 + number), user: "user\(number)@example.test")
                candidates.append(.init(identity, plan))
            }
            var renewal = WindowsRenewal(candidates)
            renewal.access = stage.simulation.access
            renewal.concurrency = 3
            renewal.repeats = 2
            renewal.keptOutcomes = 4
            let lines = Mutex<[String]>([])
            renewal.progress = ProgressOutput(isTerminal: false) { line in lines.withLock { $0.append(line) } }
            let kept = Mutex<Set<Int>>([])
            renewal.keep = { index, _ in kept.withLock { _ = $0.insert(index) } }
            let report = await renewal.run(until: ShutdownSignal())
            #expect(report.renewed == 10)
            #expect(report.left == 0)
            #expect(report.outcomes.count == 4)
            #expect(report.whole.count == 10)
            #expect(report.steps.first { $0.step == .renew }?.times.count == 10)
            #expect(kept.withLock { $0 } == [0, 1, 2, 3, 4])
            #expect(lines.withLock { $0.last?.hasPrefix("renewing 10 of 10 (100 %), ") == true })
        }
    }

    // MARK: Whole lives

    private func soak(_ stage: Stage, devices: Int) -> LifetimeSoak {
        var simulation = stage.simulation
        simulation.devices = devices
        simulation.concurrency = 2
        var soak = LifetimeSoak(simulation)
        soak.renewals = 3
        soak.lostAnswers = 2
        soak.keyKind = .ecdsaP256
        return soak
    }

    @Test("whole lives go as they have to where the server does what it should")
    func lives() async throws {
        try await self.withServer("good") { stage in
            var soak = self.soak(stage, devices: 3)
            let folder = stage.folder.path
            soak.disableUser = HookCommand("test \"$GATEHOUSE_USER\" = kim@example.test && touch '\(folder)/disabled'")
            soak.restoreUser = HookCommand("rm '\(folder)/disabled'")
            soak.revoke = HookCommand("touch \"\(folder)/revoked-$GATEHOUSE_SERIAL\"; echo not on our output")
            let report = await soak.run(until: ShutdownSignal())
            #expect(report.isFine)
            #expect(report.lines.allSatisfy { $0.otherwise == 0 && $0.skipped == nil && $0.asExpected > 0 })
            // There is no management server here to have sessions with.
            let sessions: Set<LifeStep> = [.manage, .manageRenewed]
            #expect(report.lines.map(\.step) == LifeStep.allCases.filter { !sessions.contains($0) })
            #expect(report.lines.compactMap(\.example) == [])
            // Three by turns, two lost, one after the loss, one after the refusals, one after the user was restored.
            #expect(report.renewals == 3 * 8)
            #expect(report.lines.first { $0.step == .renewByItself }?.asExpected == 6)
            #expect(report.lines.first { $0.step == .loseAnswer }?.asExpected == 6)
            #expect(report.firstDeviation == nil)
        }
    }

    @Test("a server that renews whatever is signed is found out, step by step")
    func careless() async throws {
        try await self.withServer("careless") { stage in
            var soak = self.soak(stage, devices: 1)
            soak.renewals = 1
            let complaints = Mutex<[LifeStep]>([])
            soak.complain = { _, step, _ in complaints.withLock { $0.append(step) } }
            let report = await soak.run(until: ShutdownSignal())
            #expect(!report.isFine)
            #expect(report.broken == 1)
            let refused: [LifeStep] = [
                .renewSuperseded, .renewSameKey, .renewWeakKey, .renewForeignCertificate, .renewForeignSignature,
            ]
            #expect(complaints.withLock { $0 } == refused)
            #expect(report.lines.filter { $0.otherwise > 0 }.map(\.step) == refused)
            let skipped = report.lines.filter { $0.skipped != nil }.map(\.step)
            #expect(skipped == [.renewChangedUser, .renewRestoredUser, .renewRevoked])
        }
    }

    @Test("a command that fails ends the run with its words")
    func failingCommand() async throws {
        try await self.withServer("good") { stage in
            var soak = self.soak(stage, devices: 1)
            soak.renewals = 0
            soak.lostAnswers = 0
            soak.disableUser = HookCommand("exit 3")
            let report = await soak.run(until: ShutdownSignal())
            #expect(report.trouble == .local("exit 3: exit status 3"))
            #expect(!report.isFine)
        }
    }
}

@Suite("The operator's commands between two steps")
struct HookCommandTests {
    @Test("get their facts by environment, whatever is in them")
    func environment() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "hook-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let value = "a'b\"c $(exit 1) `exit 1`; exit 1\nä"
        try HookCommand("printf %s \"$GATEHOUSE_DEVICE\" > '\(file.path)'").run([("GATEHOUSE_DEVICE", value)])
        #expect(try String(contentsOf: file, encoding: .utf8) == value)
    }

    @Test(
        "that fail, end by a signal or take too long say so",
        arguments: [
            ("exit 7", "exit 7: exit status 7"), ("kill -9 $$", "kill -9 $$: ended by signal 9"),
            ("exec sleep 60", "exec sleep 60: not done after 0 s"),
        ]
    )
    func failures(text: String, words: String) {
        var command = HookCommand(text)
        command.timeout = text.contains("sleep") ? 200 : 60_000
        #expect(throws: SimulationFailure.local(words)) { try command.run([]) }
    }
}
