internal import EnrollmentTestKit
internal import LDAPKit
internal import Testing

@Suite("Protection of a connection", .timeLimit(.minutes(25)))
struct LDAPSecurityTests {
    enum Protection: CaseIterable {
        case tls
        case startTLS

        func security(_ caFile: String) -> LDAPEndpoint.Security {
            switch self {
            case .tls: .tls(caFile: caFile)
            case .startTLS: .startTLS(caFile: caFile)
            }
        }

        func address(_ slapd: Slapd) -> String {
            switch self {
            case .tls: slapd.tlsURL
            case .startTLS: slapd.url
            }
        }
    }

    private let slapd: Slapd

    init() throws {
        self.slapd = try Slapd.shared()
    }

    private func connect(
        _ address: String,
        _ security: LDAPEndpoint.Security,
        connectTimeout: Duration = .seconds(10)
    ) throws -> LDAPConnection {
        let endpoint = try LDAPEndpoint(address, security: security, connectTimeout: connectTimeout)
        return try LDAPConnection(to: endpoint, before: .now + .seconds(20))
    }

    @Test("a certificate of the named authority is accepted", arguments: Protection.allCases)
    func rightAuthority(protection: Protection) throws {
        let connection = try self.connect(
            protection.address(self.slapd),
            protection.security(self.slapd.caFile)
        )
        for _ in 0..<3 {
            try connection.bind(as: self.slapd.person("kim"), password: "kim-password", before: .now + .seconds(20))
        }
        #expect(!connection.isStale)
    }

    @Test("a certificate of another authority is refused before anything is sent", arguments: Protection.allCases)
    func wrongAuthority(protection: Protection) throws {
        let error = #expect(throws: LDAPError.self) {
            _ = try self.connect(protection.address(self.slapd), protection.security(self.slapd.otherCAFile))
        }
        #expect(error?.code == .connectError)
    }

    @Test("a certificate that does not name the host is refused")
    func wrongHost() throws {
        let error = #expect(throws: LDAPError.self) {
            _ = try self.connect(self.slapd.misnamedTLSURL, .tls(caFile: self.slapd.caFile))
        }
        #expect(error?.code == .connectError)
    }

    @Test("a CA file that cannot be read is named", arguments: Protection.allCases)
    func missingFile(protection: Protection) throws {
        let error = #expect(throws: LDAPError.self) {
            _ = try self.connect(protection.address(self.slapd), protection.security("nowhere/ca.pem"))
        }
        #expect(error?.diagnostic.contains("nowhere/ca.pem") == true)
    }

    @Test("a peer that never answers the handshake costs no more than the time allowed", arguments: Protection.allCases)
    func hungHandshake(protection: Protection) throws {
        let silent = SilentListener()
        let scheme = protection == .tls ? "ldaps" : "ldap"
        let error = #expect(throws: LDAPError.self) {
            _ = try self.connect(
                "\(scheme)://127.0.0.1:\(silent.port)",
                protection.security(self.slapd.caFile),
                connectTimeout: .milliseconds(300)
            )
        }
        #expect(error?.code == .timedOut)
    }

    @Test(
        "an address whose scheme contradicts the protection is refused",
        arguments: [
            ("ldap://dc1.corp.example", LDAPEndpoint.Security.tls(caFile: "ca.pem")),
            ("ldaps://dc1.corp.example", .startTLS(caFile: "ca.pem")),
            ("ldaps://dc1.corp.example", .plaintextPasswords),
            ("http://dc1.corp.example", .plaintextPasswords),
            ("ldap://", .plaintextPasswords),
            ("ldap://dc1:0", .plaintextPasswords),
            ("ldap://dc1:99999", .plaintextPasswords),
            ("ldap://dc1/dc=corp", .plaintextPasswords),
            ("ldap://dc1 dc2", .plaintextPasswords),
            ("ldap://user@dc1", .plaintextPasswords),
            ("ldap://::1", .plaintextPasswords),
        ]
    )
    func badAddress(address: String, security: LDAPEndpoint.Security) {
        let error = #expect(throws: LDAPError.self) {
            _ = try LDAPEndpoint(address, security: security, connectTimeout: .seconds(1))
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("an address is completed with the standard port")
    func standardPort() throws {
        let plain = try LDAPEndpoint("ldap://dc1/", security: .plaintextPasswords, connectTimeout: .seconds(1))
        #expect(plain.address == "ldap://dc1:389")
        let secure = try LDAPEndpoint(
            "ldaps://[2001:db8::1]",
            security: .tls(caFile: "ca.pem"),
            connectTimeout: .seconds(1)
        )
        #expect(secure.address == "ldaps://[2001:db8::1]:636")
        let other = try LDAPEndpoint("LDAP://[::1]:3389", security: .plaintextPasswords, connectTimeout: .seconds(1))
        #expect(other.address == "ldap://[::1]:3389")
    }
}
