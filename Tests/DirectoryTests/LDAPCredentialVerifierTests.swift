internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Testing

@Suite("Verifying a password against a directory", .timeLimit(.minutes(25)))
struct LDAPCredentialVerifierTests {
    private let slapd: Slapd

    init() throws {
        self.slapd = try Slapd.shared()
    }

    private func verifier(
        _ change: (inout DirectorySettings) -> Void = { _ in }
    ) throws -> LDAPCredentialVerifier {
        var settings = try DirectorySettings.plaintext([self.slapd])
        settings.lanes = 2
        change(&settings)
        return try LDAPCredentialVerifier(quiet: settings)
    }

    @Test(
        "every form of a name leads to the same user",
        arguments: ["kim@corp.example", "KIM@Corp.Example", "CORP\\kim", "corp\\\\kim", "kim", "Kim"]
    )
    func forms(name: String) async throws {
        let user = try await self.verifier().verify(name, "kim-password")
        #expect(user.principalName == "kim@corp.example")
        #expect(user.displayName == "Kim Park")
        #expect(user.mail == "kim@corp.example")
        #expect(user.securityIdentifier == "S-1-5-21-1004336348-1177238915-682003330-1104")
        #expect(user.groups == [GroupName(self.slapd.group("staff"))])
        #expect(user.id.utf8.count == 36)
        #expect(user.source == self.slapd.url)
    }

    @Test("wrong password, unknown user, unknown domain and injected filters are refused with one code")
    func refusals() async throws {
        let verifier = try self.verifier()
        for (name, password, rule) in [
            ("kim", "wrong", "directory.password.wrong"),
            ("kim", "KIM-PASSWORD", "directory.password.wrong"),
            ("kim", "kim-password\0", "directory.password.wrong"),
            ("kim", " ", "directory.password.wrong"),
            ("kim", "", "directory.password.empty"),
            ("nobody", "wrong", "directory.user.unknown"),
            ("OTHER\\kim", "kim-password", "directory.user.unknown"),
            ("CORP\\", "kim-password", "directory.user.unknown"),
            ("\\kim", "kim-password", "directory.user.unknown"),
            ("", "kim-password", "directory.user.unknown"),
            ("*", "kim-password", "directory.user.unknown"),
            ("k*", "kim-password", "directory.user.unknown"),
            (")(uid=*", "kim-password", "directory.user.unknown"),
            ("kim)(|(uid=*", "kim-password", "directory.user.unknown"),
            ("kim\0", "kim-password", "directory.user.unknown"),
            ("kim\\00", "kim-password", "directory.user.unknown"),
            (String(repeating: "k", count: 10_000), "kim-password", "directory.user.unknown"),
        ] {
            let refusal = await verifier.refusal(name, password)
            #expect(refusal?.code == .authentication, "\(name.prefix(20)) \(String(reflecting: refusal).prefix(300))")
            #expect(refusal?.rule == rule, "\(name.prefix(20))")
        }
    }

    @Test("a name that fits two entries is refused even with a right password")
    func ambiguous() async throws {
        let verifier = try self.verifier()
        for password in ["twin1-password", "twin2-password", "wrong"] {
            let refusal = await verifier.refusal("twins@corp.example", password)
            #expect(refusal?.code == .authentication)
            #expect(refusal?.rule == "directory.user.ambiguous")
        }
        #expect(try await verifier.verify("twin1", "twin1-password").displayName == "Twin One")
    }

    @Test("the decoy's own password opens nothing")
    func decoy() async throws {
        let verifier = try self.verifier { $0.decoy = self.slapd.person("sam") }
        let refusal = await verifier.refusal("nobody", "sam-password")
        #expect(refusal?.rule == "directory.user.unknown")
    }

    @Test("a lock and a forced change by password policy are told to the operator")
    func passwordPolicy() async throws {
        let verifier = try self.verifier()
        let locked = await verifier.refusal("lou", "lou-password")
        #expect(locked?.code == .authentication)
        #expect(locked?.rule == "directory.account.locked")
        let mustChange = await verifier.refusal("max", "max-password")
        #expect(mustChange?.code == .authentication)
        #expect(mustChange?.rule == "directory.password.mustChange")
    }

    @Test("groups come from the entry, from a search, and through nested groups")
    func groups() async throws {
        let direct = try self.verifier()
        #expect(try await direct.verify("pat", "pat-password").groups == [GroupName(self.slapd.group("engineering"))])
        #expect(try await direct.verify("sam", "sam-password").groups == [])
        let base = "ou=groups,\(self.slapd.base)"
        for (depth, names) in [(1, ["engineering"]), (3, ["engineering", "staff"])] {
            let searching = try self.verifier {
                $0.groups = .search(
                    base: base,
                    filter: "(objectClass=groupOfNames)",
                    memberAttribute: "member",
                    depth: depth
                )
            }
            let user = try await searching.verify("pat", "pat-password")
            #expect(user.groups == names.map { GroupName(self.slapd.group($0)) })
            let zoe = try await searching.verify("zoe", "zoe-password")
            #expect(zoe.groups == [GroupName(self.slapd.group("staff"))])
        }
        let without = try self.verifier { $0.groups = .none }
        #expect(try await without.verify("kim", "kim-password").groups == [])
    }

    @Test("the core's admission gate knows the directory's groups however they are spelled")
    func admission() async throws {
        let group = "CN=Staff, OU=Groups, DC=Corp, DC=Example"
        let gate = AdmissionGate(verifier: try self.verifier(), rule: AdmissionRule(groups: [GroupName(group)]))
        let password = { (name: String) in
            Credential.password(UsernamePassword(name: name, password: Redacted("\(name)-password")))
        }
        #expect(try await gate.verify(password("kim")).mail == "kim@corp.example")
        let error = await #expect(throws: EnrollmentError.self) { _ = try await gate.verify(password("lee")) }
        #expect(error?.code == .authorization)
    }

    @Test("a stable id comes from entryUUID or objectGUID, whichever is mapped, and stays the same")
    func stableID() async throws {
        let openLDAP = try self.verifier { $0.attributes = .openLDAP }
        let first = try await openLDAP.verify("kim", "kim-password")
        #expect(try await openLDAP.verify("kim@corp.example", "kim-password").id == first.id)
        #expect(first.securityIdentifier == nil)
        let windows = try await self.verifier().verify("kim", "kim-password")
        #expect(windows.id != first.id)
        #expect(windows.id.utf8.count == 36)
    }

    @Test("an attribute mapping that fits nobody is the operator's problem, named by its attribute")
    func badMapping() async throws {
        let verifier = try self.verifier { $0.attributes.stableID = "employeeNumber" }
        let refusal = await verifier.refusal("kim", "kim-password")
        #expect(refusal?.code == .enrollmentServer)
        #expect(refusal?.rule == "directory.entry.incomplete")
        #expect(refusal?.detail.contains("employeeNumber") == true)
    }

    @Test("a base that does not exist is the operator's problem")
    func badBase() async throws {
        let verifier = try self.verifier { $0.base = "ou=elsewhere,\(self.slapd.base)" }
        let refusal = await verifier.refusal("kim", "kim-password")
        #expect(refusal?.code == .enrollmentServer)
        #expect(refusal?.rule == "directory.search.refused")
    }

    @Test("a refused service account is the operator's problem, and is not tried on every request")
    func badServiceAccount() async throws {
        let verifier = try self.verifier {
            $0.serviceAccount?.password = Redacted("not-the-service-password")
            $0.patience = .zero
            $0.firstBackOff = .seconds(600)
            $0.longestBackOff = .seconds(600)
        }
        for _ in 0..<3 {
            let refusal = await verifier.refusal("kim", "kim-password")
            #expect(refusal?.code == .enrollmentServer)
            #expect(refusal?.rule == "directory.refused")
        }
    }

    @Test("many verifications at once over few lanes all get their own answer")
    func concurrency() async throws {
        // Long enough for a machine that is busy with something else, or under a sanitizer.
        let verifier = try self.verifier { $0.requestTimeout = .seconds(120) }
        try await withThrowingTaskGroup { group in
            for number in 0..<60 {
                let uid = ["kim", "lee", "sam"][number % 3]
                group.addTask {
                    if number.isMultiple(of: 4) {
                        #expect(await verifier.refusal(uid, "wrong")?.rule == "directory.password.wrong")
                    } else {
                        let user = try await verifier.verify(uid, "\(uid)-password")
                        #expect(user.mail == "\(uid)@corp.example")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
