internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Testing

@Suite("Reading a user again without a password", .timeLimit(.minutes(25)))
struct UserLookupTests {
    /// Kim's directory, changed by nobody else.
    private let slapd: Slapd

    init() throws {
        self.slapd = try Slapd()
    }

    private func verifier(
        clock: any WallClock = ManualClock(),
        _ change: (inout DirectorySettings) -> Void = { _ in }
    ) throws -> LDAPCredentialVerifier {
        var settings = try DirectorySettings.plaintext([self.slapd])
        settings.lanes = 2
        change(&settings)
        return try LDAPCredentialVerifier(quiet: settings, clock: clock)
    }

    /// Ids of people who cannot sign in; the directory is made with them.
    private static let max = "875c7dad-9551-5b62-b902-21a6ab155526"
    private static let lou = "94a582dc-4dc6-5b2a-a31e-c715732ab8ee"

    /// An id of octets that a filter reserves, NUL and octets beyond ASCII among them, as base64 of how it is stored.
    private static let reserved = "5c29282a-ff00-2a80-5c2a-2928007fc328"
    private static let reservedStored = "KigpXAD/gCpcKikoAH/DKA=="

    /// Replaces an attribute of a person; `separator` is two colons for a value in base64.
    private func replace(
        _ attribute: String,
        _ value: String,
        separator: String = ":",
        of person: String = "kim"
    ) async throws {
        try await self.slapd.change(
            """
            dn: \(self.slapd.person(person))
            changetype: modify
            replace: \(attribute)
            \(attribute)\(separator) \(value)
            """
        )
    }

    @Test("the user is the one who signed in, whichever attribute holds the stable id")
    func sameUser() async throws {
        for attributes in [PersonAttributes.activeDirectory, .openLDAP] {
            let verifier = try self.verifier { $0.attributes = attributes }
            for name in ["kim", "lee", "zoe"] {
                let user = try await verifier.verify(name, "\(name)-password")
                #expect(try await verifier.user(id: user.id) == user)
                #expect(try await verifier.user(id: user.id.uppercased()) == user)
            }
        }
    }

    @Test("a user who was renamed and moved is found, under the new name")
    func renamed() async throws {
        let verifier = try self.verifier()
        let before = try await verifier.verify("kim", "kim-password")
        try await self.slapd.change(
            """
            dn: ou=married,\(self.slapd.base)
            changetype: add
            objectClass: organizationalUnit
            ou: married

            dn: \(self.slapd.person("kim"))
            changetype: modify
            replace: userPrincipalName
            userPrincipalName: kim.ortiz@corp.example
            -
            replace: displayName
            displayName: Kim Ortiz

            dn: \(self.slapd.person("kim"))
            changetype: modrdn
            newrdn: cn=Kim Ortiz
            deleteoldrdn: 0
            newsuperior: ou=married,\(self.slapd.base)
            """
        )
        let user = try await verifier.user(id: before.id)
        #expect(user.id == before.id)
        #expect(user.principalName == "kim.ortiz@corp.example")
        #expect(user.displayName == "Kim Ortiz")
        #expect(user.groups == before.groups)
    }

    @Test("groups are today's")
    func groups() async throws {
        let verifier = try self.verifier()
        let before = try await verifier.verify("kim", "kim-password")
        try await self.slapd.change(
            """
            dn: \(self.slapd.group("contractors"))
            changetype: modify
            add: member
            member: \(self.slapd.person("kim"))

            dn: \(self.slapd.group("staff"))
            changetype: modify
            delete: member
            member: \(self.slapd.person("kim"))
            """
        )
        #expect(before.groups == [GroupName(self.slapd.group("staff"))])
        #expect(try await verifier.user(id: before.id).groups == [GroupName(self.slapd.group("contractors"))])
        let searching = try self.verifier {
            $0.groups = .search(
                base: "ou=groups,\(self.slapd.base)",
                filter: "(objectClass=groupOfNames)",
                memberAttribute: "member",
                depth: 3
            )
        }
        #expect(try await searching.user(id: before.id).groups == [GroupName(self.slapd.group("contractors"))])
    }

    @Test("a user who was deleted, or no longer counts as a person, is gone")
    func gone() async throws {
        let verifier = try self.verifier()
        let kim = try await verifier.verify("kim", "kim-password").id
        let lee = try await verifier.verify("lee", "lee-password").id
        try await self.slapd.change("dn: \(self.slapd.person("kim"))\nchangetype: delete")
        let narrow = try self.verifier { $0.personFilter = "(&(objectClass=person)(!(uid=lee)))" }
        for (verifier, id) in [(verifier, kim), (narrow, lee)] {
            let refusal = await verifier.refusal(id: id)
            #expect(refusal?.code == .authorization)
            #expect(refusal?.rule == "directory.user-gone")
            #expect(refusal?.facts == [Fact("user id", id)])
        }
        #expect(await verifier.refusal(id: lee) == nil)
    }

    @Test(
        "an id that is nobody's, or would change the filter, finds nobody",
        arguments: [
            "", "*", "kim", "00000000-0000-0000-0000-000000000000", ")(uid=*", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c*",
            "{6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1}", "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1\0",
        ]
    )
    func nobody(id: String) async throws {
        let refusal = await (try self.verifier()).refusal(id: id)
        #expect(refusal?.code == .authorization)
        #expect(refusal?.rule == "directory.user-gone")
    }

    @Test("an id of octets that a filter reserves is found all the same")
    func reservedOctets() async throws {
        try await self.replace("objectGUID", Self.reservedStored, separator: "::")
        let verifier = try self.verifier()
        #expect(try await verifier.verify("kim", "kim-password").id == Self.reserved)
        #expect(try await verifier.user(id: Self.reserved).principalName == "kim@corp.example")
    }

    @Test("an id that two entries have proves nothing")
    func ambiguous() async throws {
        let verifier = try self.verifier()
        let kim = try await verifier.verify("kim", "kim-password").id
        for person in ["kim", "lee"] {
            try await self.replace("objectGUID", Self.reservedStored, separator: "::", of: person)
        }
        #expect(await verifier.refusal(id: Self.reserved)?.rule == "directory.user.ambiguous")
        #expect(await verifier.refusal(id: kim)?.rule == "directory.user-gone")
    }

    @Test("people of a domain are found where the domain is, once each")
    func domains() async throws {
        let elsewhere = "ou=services,\(self.slapd.base)"
        let people = "OU=People, \(self.slapd.base)"
        let verifier = try self.verifier {
            $0.base = elsewhere
            $0.domains = ["CORP": people, "SUB": "ou=staff,\(people)", "SAME": elsewhere]
        }
        let kim = try await verifier.verify("CORP\\kim", "kim-password")
        #expect(try await verifier.user(id: kim.id) == kim)
        let without = try self.verifier {
            $0.base = elsewhere
            $0.domains = [:]
        }
        #expect(await without.refusal(id: kim.id)?.rule == "directory.user-gone")
    }

    @Test(
        "a disabled account is refused as at sign-in, however the directory says it",
        arguments: [
            ("userAccountControl", "514"), ("userAccountControl", "66082"), ("nsAccountLock", "TRUE"),
            ("nsAccountLock", "true"),
        ]
    )
    func disabled(attribute: String, value: String) async throws {
        let verifier = try self.verifier()
        let kim = try await verifier.verify("kim", "kim-password").id
        try await self.replace(attribute, value)
        let refusal = await verifier.refusal(id: kim)
        #expect(refusal?.code == .authorization)
        #expect(refusal?.rule == "directory.account.disabled")
        #expect(refusal?.facts == [Fact("entry", self.slapd.person("kim"))])
    }

    @Test("an account whose end has come is refused from that second on; no end is none")
    func expired() async throws {
        // 2026-09-21T14:13:20Z, which is 1 790 000 000, in units of 100 ns since 1601.
        let end: Int64 = (1_790_000_000 + 11_644_473_600) * 10_000_000
        let clock = ManualClock(Timestamp(seconds: 1_789_999_999))
        let verifier = try self.verifier(clock: clock)
        let kim = try await verifier.verify("kim", "kim-password").id
        try await self.replace("accountExpires", "\(end)")
        #expect(await verifier.refusal(id: kim) == nil)
        clock.advance(seconds: 1)
        let refusal = await verifier.refusal(id: kim)
        #expect(refusal?.code == .authorization)
        #expect(refusal?.rule == "directory.account.expired")
        for endless in ["0", "9223372036854775807"] {
            try await self.replace("accountExpires", endless)
            #expect(await verifier.refusal(id: kim) == nil)
        }
        for unreadable in ["99999999999999999999999", "-1"] {
            try await self.replace("accountExpires", unreadable)
            #expect(await verifier.refusal(id: kim)?.rule == "directory.account.expired")
        }
    }

    @Test("a normal account, a password to be changed and a lock by wrong passwords are no hindrance")
    func noHindrance() async throws {
        let verifier = try self.verifier()
        let kim = try await verifier.verify("kim", "kim-password").id
        for control in ["512", "66048", "8389120"] {
            try await self.replace("userAccountControl", control)
            #expect(await verifier.refusal(id: kim) == nil)
        }
        try await self.replace("nsAccountLock", "FALSE")
        #expect(await verifier.refusal(id: kim) == nil)
        #expect(await verifier.refusal("max", "max-password")?.rule == "directory.password.mustChange")
        #expect(try await verifier.user(id: Self.max).mail == "max@corp.example")
        for _ in 0..<6 { _ = await verifier.refusal("max", "wrong") }
        #expect(await verifier.refusal("max", "max-password")?.rule == "directory.account.locked")
        #expect(try await verifier.user(id: Self.max).mail == "max@corp.example")
    }

    @Test("a lock that an administrator set is a disabled account")
    func lockedByAdministrator() async throws {
        let refusal = await (try self.verifier()).refusal(id: Self.lou)
        #expect(refusal?.code == .authorization)
        #expect(refusal?.rule == "directory.account.disabled")
    }

    // MARK: A directory that is not there

    @Test("a directory that is away is maintenance, and the user is read once it is back")
    func away() async throws {
        let verifier = try self.verifier { $0.patience = .zero }
        let kim = try await verifier.verify("kim", "kim-password")
        self.slapd.stop()
        for _ in 0..<3 {
            let refusal = await verifier.refusal(id: kim.id)
            #expect(refusal?.code == .inMaintenance)
            #expect(refusal?.rule == "directory.unreachable")
        }
        try self.slapd.start()
        #expect(try await self.verifier().user(id: kim.id) == kim)
    }

    @Test("a directory that never answers costs the request's time and no more")
    func silent() async throws {
        let silent = SilentListener()
        var settings = DirectorySettings.loopback(silent.port)
        settings.operationTimeout = .milliseconds(200)
        settings.requestTimeout = .milliseconds(500)
        let verifier = try LDAPCredentialVerifier(quiet: settings)
        let refusal = await verifier.refusal(id: Self.reserved)
        #expect(refusal?.code == .inMaintenance)
    }

    @Test("a base that does not exist is the operator's problem, not the user's end")
    func badBase() async throws {
        let verifier = try self.verifier { $0.base = "ou=elsewhere,\(self.slapd.base)" }
        let refusal = await verifier.refusal(id: Self.reserved)
        #expect(refusal?.code == .enrollmentServer)
        #expect(refusal?.rule == "directory.search.refused")
    }
}
