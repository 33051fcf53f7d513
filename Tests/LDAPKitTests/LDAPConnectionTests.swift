internal import EnrollmentTestKit
internal import LDAPKit
internal import Testing

@Suite("A connection to a directory", .timeLimit(.minutes(25)))
struct LDAPConnectionTests {
    private let slapd: Slapd

    init() throws {
        self.slapd = try Slapd.shared()
    }

    private var soon: ContinuousClock.Instant { .now + .seconds(20) }

    private func connect(
        _ address: String? = nil,
        _ security: LDAPEndpoint.Security = .plaintextPasswords
    ) throws -> LDAPConnection {
        let endpoint = try LDAPEndpoint(
            address ?? self.slapd.url,
            security: security,
            connectTimeout: .seconds(10)
        )
        return try LDAPConnection(to: endpoint, before: self.soon)
    }

    private func service() throws -> LDAPConnection {
        let connection = try self.connect()
        try connection.bind(as: self.slapd.serviceName, password: try self.slapd.servicePassword(), before: self.soon)
        return connection
    }

    @Test("the right password binds, again and again on one connection")
    func rightPassword() throws {
        let connection = try self.connect()
        for uid in ["kim", "lee", "kim"] {
            #expect(
                try connection.bind(as: self.slapd.person(uid), password: "\(uid)-password", before: self.soon) == nil
            )
        }
    }

    @Test("a wrong password and an unknown name are refused alike, and the connection stays usable")
    func wrongPassword() throws {
        let connection = try self.connect()
        for name in ["kim", "nobody-here"] {
            let error = #expect(throws: LDAPError.self) {
                try connection.bind(as: self.slapd.person(name), password: "wrong", before: self.soon)
            }
            #expect(error?.code == .invalidCredentials)
            #expect(error?.condition == nil)
        }
        try connection.bind(as: self.slapd.person("kim"), password: "kim-password", before: self.soon)
    }

    @Test("an empty password is refused before anything is sent")
    func emptyPassword() throws {
        let silent = SilentListener()
        let connection = try self.connect("ldap://127.0.0.1:\(silent.port)")
        let error = #expect(throws: LDAPError.self) {
            try connection.bind(as: "uid=kim", password: "", before: .now + .milliseconds(200))
        }
        // Had it been sent, the listener that never answers would have made this a time-out.
        #expect(error?.code == .invalidCredentials)
    }

    @Test("an empty name is refused before anything is sent")
    func emptyName() throws {
        let connection = try self.connect()
        let error = #expect(throws: LDAPError.self) {
            try connection.bind(as: "", password: "secret", before: self.soon)
        }
        #expect(error?.code == .invalidCredentials)
    }

    @Test("a name with a NUL is refused instead of being cut there")
    func nulInName() throws {
        let connection = try self.connect()
        let error = #expect(throws: LDAPError.self) {
            let name = self.slapd.person("kim") + "\0,ou=nowhere"
            try connection.bind(as: name, password: "kim-password", before: self.soon)
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("a password policy's lock and forced change are told apart from a wrong password")
    func passwordPolicy() throws {
        let connection = try self.connect()
        let locked = #expect(throws: LDAPError.self) {
            try connection.bind(as: self.slapd.person("lou"), password: "lou-password", before: self.soon)
        }
        #expect(locked?.code == .invalidCredentials)
        #expect(locked?.condition == .locked)
        let notice = try connection.bind(as: self.slapd.person("max"), password: "max-password", before: self.soon)
        #expect(notice == .mustChangePassword)
    }

    @Test("a search brings the attributes asked for, text as text and octets as octets")
    func search() throws {
        let result = try self.service().search(
            LDAPSearch(
                under: try DistinguishedName(self.slapd.base),
                filter: .equal("uid", "kim"),
                attributes: ["mail", "objectSid", "memberOf"],
                sizeLimit: 2
            ),
            before: self.soon
        )
        let entry = try #require(result.entries.first)
        #expect(result.entries.count == 1)
        #expect(!result.isTruncated)
        #expect(entry.name == self.slapd.person("kim"))
        #expect(entry.text("MAIL") == "kim@corp.example")
        #expect(entry.texts("memberOf") == [self.slapd.group("staff")])
        #expect(entry.octets("objectSid").map(\.count) == [28])
        #expect(entry.octets("cn").isEmpty)
    }

    @Test("a search without attributes brings names only")
    func namesOnly() throws {
        let result = try self.service().search(
            LDAPSearch(
                under: try DistinguishedName(self.slapd.base),
                filter: .equal("uid", "kim"),
                attributes: [],
                sizeLimit: 2
            ),
            before: self.soon
        )
        #expect(result.entries.first?.octets("uid").isEmpty == true)
    }

    @Test("a result cut at the size limit says so")
    func sizeLimit() throws {
        let result = try self.service().search(
            LDAPSearch(
                under: try DistinguishedName(self.slapd.base),
                filter: .present("uid"),
                attributes: ["uid"],
                sizeLimit: 2
            ),
            before: self.soon
        )
        #expect(result.entries.count == 2)
        #expect(result.isTruncated)
    }

    @Test("a base that does not exist is told with the server's code")
    func noSuchBase() throws {
        let connection = try self.service()
        let base = try DistinguishedName("ou=elsewhere,\(self.slapd.base)")
        let error = #expect(throws: LDAPError.self) {
            try connection.search(
                LDAPSearch(under: base, filter: .present("uid"), attributes: [], sizeLimit: 1),
                before: self.soon
            )
        }
        #expect(error?.code == .noSuchObject)
    }

    @Test(
        "a value with a filter's own characters finds nobody",
        arguments: [
            "*", "k*", ")(uid=*", "kim)(|(uid=*", "\\2a", "kim\0", "kim\0*", String(repeating: "k", count: 10_000),
        ]
    )
    func filterInjection(value: String) throws {
        let result = try self.service().search(
            LDAPSearch(
                under: try DistinguishedName(self.slapd.base),
                filter: .all([.equal("uid", value), .present("objectClass")]),
                attributes: ["uid"],
                sizeLimit: 10
            ),
            before: self.soon
        )
        #expect(result.entries.isEmpty)
    }

    @Test("names full of special characters are found by filter and by name")
    func specialCharacters() throws {
        let connection = try self.service()
        let cn = "Zo\u{eb} O'Brien (IT), *Ops*"
        let people = try DistinguishedName("ou=people,\(self.slapd.base)")
        let name = try people.child("cn", cn)
        for search in [
            LDAPSearch(under: people, filter: .equal("cn", cn), attributes: ["uid"], sizeLimit: 2),
            LDAPSearch(under: name, scope: .base, filter: .present("uid"), attributes: ["uid"], sizeLimit: 2),
        ] {
            let entries = try connection.search(search, before: self.soon).entries
            #expect(entries.map { $0.text("uid") } == ["zoe"])
            #expect(try entries.map { try DistinguishedName($0.name) } == [name])
        }
    }

    @Test("the root entry tells the server's naming contexts")
    func rootEntry() throws {
        let root = try self.service().readRootEntry(["namingContexts"], before: self.soon)
        #expect(root.texts("namingContexts") == [self.slapd.base])
    }

    @Test("a port nobody listens on is a server that is down")
    func closedPort() throws {
        let unused: UInt16 = { SilentListener().port }()
        let error = #expect(throws: LDAPError.self) { _ = try self.connect("ldap://127.0.0.1:\(unused)") }
        #expect(error?.code == .serverDown)
        #expect(error?.isConnectionLoss == true)
    }

    @Test("a server that never answers costs no more than the deadline")
    func hungServer() throws {
        let silent = SilentListener()
        let connection = try self.connect("ldap://127.0.0.1:\(silent.port)")
        let error = #expect(throws: LDAPError.self) {
            try connection.bind(as: "uid=kim", password: "secret", before: .now + .milliseconds(200))
        }
        #expect(error?.code == .timedOut)
    }

    @Test("a deadline in the past sends nothing")
    func lateDeadline() throws {
        let connection = try self.connect()
        let error = #expect(throws: LDAPError.self) {
            try connection.bind(as: self.slapd.person("kim"), password: "kim-password", before: .now)
        }
        #expect(error?.code == .timedOut)
    }

    @Test("a server that goes away is noticed, before and at the next operation")
    func serverGone() throws {
        let own = try Slapd()
        let connection = try self.connect(own.url)
        try connection.bind(as: own.person("kim"), password: "kim-password", before: self.soon)
        #expect(!connection.isStale)
        own.stop()
        #expect(connection.isStale)
        let error = #expect(throws: LDAPError.self) {
            try connection.bind(as: own.person("kim"), password: "kim-password", before: self.soon)
        }
        #expect(error?.code == .serverDown)
    }
}
