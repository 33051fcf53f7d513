internal import Directory
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Testing

@Suite("Active Directory's answers", .timeLimit(.minutes(25)))
struct ActiveDirectoryTests {
    @Test(
        "each sub-code becomes the code that helps the user, and words for the operator",
        arguments: [
            ("525", EnrollmentError.Code.authentication, "directory.user.unknown"),
            ("52e", .authentication, "directory.password.wrong"),
            ("530", .authorization, "directory.account.hours"),
            ("531", .authorization, "directory.account.workstation"),
            ("532", .authentication, "directory.password.expired"),
            ("533", .authorization, "directory.account.disabled"),
            ("701", .authorization, "directory.account.expired"),
            ("773", .authentication, "directory.password.mustChange"),
            ("775", .authentication, "directory.account.locked"),
        ]
    )
    func subCodes(subCode: String, code: EnrollmentError.Code, rule: String) async throws {
        let diagnostic =
            "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data \(subCode), v2580"
        let directory = try ScriptedDirectory(refusing: 49, saying: diagnostic)
        let verifier = try LDAPCredentialVerifier(quiet: .loopback(directory.port))
        let refusal = await verifier.refusal("kim@corp.example", "s3cret-password")
        #expect(refusal?.code == code)
        #expect(refusal?.rule == rule)
        #expect(refusal?.facts.contains(Fact("directory said", diagnostic)) == true)
    }

    @Test("a directory that wants protection says so to known and unknown users alike", arguments: [true, false])
    func wantsProtection(knowsPerson: Bool) async throws {
        let directory = try ScriptedDirectory(refusing: 8, saying: "", knowsPerson: knowsPerson)
        let refusal = await (try LDAPCredentialVerifier(quiet: .loopback(directory.port))).refusal("kim", "s3cret")
        #expect(refusal?.code == .enrollmentServer)
        #expect(refusal?.rule == "directory.bind.unprotected")
    }

    @Test("an unknown user costs the directory the same operations as a wrong password")
    func sameWork() async throws {
        var journals: [[String]] = []
        for knowsPerson in [true, false] {
            let directory = try ScriptedDirectory(refusing: 49, saying: "", knowsPerson: knowsPerson)
            let verifier = try LDAPCredentialVerifier(quiet: .loopback(directory.port))
            for _ in 0..<2 { #expect(await verifier.refusal("kim", "s3cret")?.code == .authentication) }
            journals.append(try directory.operations())
        }
        #expect(journals[0] == ["bind cn=service"] + ["search", "bind CN=Kim,DC=corp,DC=example"].repeated(2))
        let decoy = "bind cn=nobody\\, asked for in place of an unknown user,dc=corp,dc=example"
        #expect(journals[1] == ["bind cn=service"] + ["search", decoy].repeated(2))
    }
}

extension Array {
    fileprivate func repeated(_ times: Int) -> [Element] {
        Array(repeatElement(self, count: times).joined())
    }
}
