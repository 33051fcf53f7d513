internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import ServiceRuntime
internal import Testing

@Suite("A directory that is not always there", .timeLimit(.minutes(25)))
struct DirectoryAvailabilityTests {
    private func verifier(
        _ directories: [Slapd],
        _ change: (inout DirectorySettings) -> Void = { _ in }
    ) throws -> LDAPCredentialVerifier {
        var settings = try DirectorySettings.plaintext(directories)
        settings.lanes = 2
        change(&settings)
        return try LDAPCredentialVerifier(quiet: settings)
    }

    @Test("a restart between two sign-ins is not noticed")
    func restart() async throws {
        let slapd = try Slapd()
        let verifier = try self.verifier([slapd])
        for _ in 0..<3 {
            #expect(try await verifier.verify("kim", "kim-password").mail == "kim@corp.example")
            slapd.stop()
            try slapd.start()
        }
        #expect(await verifier.refusal("kim", "wrong")?.rule == "directory.password.wrong")
    }

    @Test("with no server left the refusal says maintenance, and passes when one is back")
    func allDown() async throws {
        let slapd = try Slapd()
        let verifier = try self.verifier([slapd]) { $0.patience = .zero }
        _ = try await verifier.verify("kim", "kim-password")
        slapd.stop()
        for _ in 0..<5 {
            let refusal = await verifier.refusal("kim", "kim-password")
            #expect(refusal?.code == .inMaintenance)
            #expect(refusal?.rule == "directory.unreachable")
            #expect(refusal?.facts.map(\.name) == [slapd.url])
        }
        try slapd.start()
        let patient = try self.verifier([slapd])
        #expect(try await patient.verify("kim", "kim-password").mail == "kim@corp.example")
    }

    @Test("the second server takes over, and the first is used again once it is back")
    func failOver() async throws {
        let first = try Slapd()
        let second = try Slapd(like: first)
        let verifier = try self.verifier([first, second])
        #expect(try await verifier.verify("kim", "kim-password").source == first.url)
        first.stop()
        for _ in 0..<3 { #expect(try await verifier.verify("kim", "kim-password").source == second.url) }
        try first.start()
        let shutdown = ShutdownSignal()
        try await withThrowingTaskGroup { group in
            group.addTask { try await verifier.run(until: shutdown) }
            while try await verifier.verify("kim", "kim-password").source != first.url {
                try await Task.sleep(for: .milliseconds(20))
            }
            shutdown.raise()
            try await group.waitForAll()
        }
    }

    @Test("a server that never answers costs a bounded wait and the next one answers")
    func hungServer() async throws {
        let silent = SilentListener()
        let slapd = try Slapd.shared()
        let verifier = try self.verifier([slapd]) {
            $0.servers.insert("ldap://127.0.0.1:\(silent.port)", at: 0)
            $0.operationTimeout = .milliseconds(300)
            $0.firstBackOff = .seconds(600)
            $0.longestBackOff = .seconds(600)
        }
        for _ in 0..<3 {
            #expect(try await verifier.verify("kim", "kim-password").source == slapd.url)
        }
    }

    @Test("only a hung server leads to maintenance, within the request's time")
    func onlyHung() async throws {
        let silent = SilentListener()
        var settings = DirectorySettings.loopback(silent.port)
        settings.operationTimeout = .milliseconds(200)
        settings.requestTimeout = .milliseconds(500)
        let refusal = await (try LDAPCredentialVerifier(quiet: settings)).refusal("kim", "kim-password")
        #expect(refusal?.code == .inMaintenance)
    }

    @Test("more waiters than allowed are refused at once")
    func overload() async throws {
        let silent = SilentListener()
        var settings = DirectorySettings.loopback(silent.port)
        settings.lanes = 1
        settings.waiters = 1
        settings.operationTimeout = .seconds(1)
        // However slow the machine, the one that waits has its turn.
        settings.requestTimeout = .seconds(60)
        settings.patience = .zero
        let verifier = try LDAPCredentialVerifier(quiet: settings)
        let rules = await withTaskGroup { group in
            for _ in 0..<5 { group.addTask { await verifier.refusal("kim", "kim-password")?.rule ?? "accepted" } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(rules.filter { $0 == "directory.overloaded" }.count == 3)
        #expect(rules.filter { $0 == "directory.unreachable" }.count == 2)
    }

    @Test("a probe reports each server in order, with the reason of those that cannot be used")
    func probe() async throws {
        let slapd = try Slapd.shared()
        let unused: UInt16 = { SilentListener().port }()
        let verifier = try self.verifier([slapd]) { $0.servers.append("ldap://127.0.0.1:\(unused)") }
        let reports = await verifier.probe()
        #expect(reports.map(\.address) == [slapd.url, "ldap://127.0.0.1:\(unused)"])
        #expect(reports[0].problem == nil)
        #expect(reports[1].problem?.contains("Can't contact LDAP server") == true)
    }

    @Test("an inspection brings each server's certificate, and says of which clock it knows nothing")
    func inspect() async throws {
        let slapd = try Slapd.shared()
        let unused: UInt16 = { SilentListener().port }()
        let plain = try self.verifier([slapd]) { $0.servers.append("ldap://127.0.0.1:\(unused)") }
        let reports = await plain.inspect(ManualClock())
        #expect(reports.map(\.address) == [slapd.url, "ldap://127.0.0.1:\(unused)"])
        #expect(reports[0].problem == nil && reports[0].certificate == nil && reports[0].clockOffset == nil)
        #expect(reports[1].problem?.contains("Can't contact LDAP server") == true)
        var settings = DirectorySettings(
            servers: [slapd.tlsURL],
            security: .tls,
            caFile: slapd.caFile,
            base: slapd.base,
            serviceAccount: nil
        )
        settings.serviceAccount = .init(name: slapd.serviceName, password: Redacted(try slapd.servicePassword()))
        let report = try #require(await LDAPCredentialVerifier(quiet: settings).inspect(ManualClock()).first)
        #expect(report.problem == nil)
        #expect(report.certificate?.first == 0x30)
    }
}
