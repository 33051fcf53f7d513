internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Testing

@Suite("Protection of passwords on the way to the directory", .timeLimit(.minutes(25)))
struct DirectorySecurityTests {
    private let slapd: Slapd

    init() throws {
        self.slapd = try Slapd.shared()
    }

    private func settings(
        _ server: String,
        _ security: DirectorySettings.Security,
        caFile: String?
    ) throws -> DirectorySettings {
        var settings = try DirectorySettings.plaintext([self.slapd])
        settings.servers = [server]
        settings.security = security
        settings.caFile = caFile
        settings.patience = .zero
        settings.lanes = 1
        return settings
    }

    @Test("TLS and StartTLS with the right authority verify passwords")
    func protected() async throws {
        for (server, security) in [(self.slapd.tlsURL, DirectorySettings.Security.tls), (self.slapd.url, .startTLS)] {
            let verifier = try LDAPCredentialVerifier(
                quiet: try self.settings(server, security, caFile: self.slapd.caFile)
            )
            for _ in 0..<2 { #expect(try await verifier.verify("kim", "kim-password").source == server) }
            #expect(await verifier.refusal("kim", "wrong")?.rule == "directory.password.wrong")
        }
    }

    @Test("a wrong authority or a certificate for another host is the operator's problem")
    func refusedCertificate() async throws {
        for (server, security, caFile) in [
            (self.slapd.tlsURL, DirectorySettings.Security.tls, self.slapd.otherCAFile),
            (self.slapd.url, .startTLS, self.slapd.otherCAFile),
            (self.slapd.misnamedTLSURL, .tls, self.slapd.caFile),
        ] {
            let verifier = try LDAPCredentialVerifier(quiet: try self.settings(server, security, caFile: caFile))
            let refusal = await verifier.refusal("kim", "kim-password")
            #expect(refusal?.code == .enrollmentServer)
            #expect(refusal?.rule == "directory.refused")
            #expect(refusal?.detail.contains(caFile) == true)
        }
    }

    @Test("settings that cannot be used are named by their key")
    func badSettings() throws {
        let good = try self.settings(self.slapd.url, .plaintextPasswords, caFile: nil)
        let changes: [(String, (inout DirectorySettings) -> Void)] = [
            ("caFile", { $0.security = .startTLS }),
            ("servers", { $0.servers = [] }),
            ("servers", { $0.servers = ["ldaps://dc1.corp.example"] }),
            ("base", { $0.base = "corp.example" }),
            ("personFilter", { $0.personFilter = "objectClass=user" }),
            ("principalAttributes", { $0.principalAttributes = [] }),
            ("accountAttributes", { $0.accountAttributes = ["uid)(x"] }),
            ("attributes.mail", { $0.attributes.mail = "" }),
            ("domains.CORP", { $0.domains = ["CORP": "corp"] }),
            ("groups.attribute", { $0.groups = .memberOf(attribute: "member of") }),
            ("groups.base", { $0.groups = .inChain(base: "groups") }),
            ("groups.depth", { $0.groups = .search(base: "", filter: "(a=b)", memberAttribute: "m", depth: 0) }),
            ("decoy", { $0.decoy = "nobody" }),
            ("lanes", { $0.lanes = 0 }),
            ("serviceAccount", { $0.serviceAccount?.password = Redacted("") }),
        ]
        for (key, change) in changes {
            var settings = good
            change(&settings)
            let error = #expect(throws: DirectorySettingsError.self) { _ = try LDAPCredentialVerifier(quiet: settings) }
            #expect(error?.key == key)
        }
    }
}
