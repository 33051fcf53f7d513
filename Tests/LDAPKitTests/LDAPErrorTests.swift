internal import LDAPKit
internal import Testing

@Suite("An LDAP error")
struct LDAPErrorTests {
    @Test(
        "Active Directory's sub-codes are told apart",
        arguments: [
            ("525", AccountCondition.unknownUser), ("52e", .wrongPassword), ("530", .notAllowedAtThisTime),
            ("531", .notAllowedFromHere), ("532", .passwordExpired), ("533", .disabled), ("701", .accountExpired),
            ("773", .mustChangePassword), ("775", .locked),
        ]
    )
    func subCodes(code: String, condition: AccountCondition) {
        let text = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data \(code), v2580\0"
        #expect(LDAPError("bind", .invalidCredentials, diagnostic: text).condition == condition)
        #expect(LDAPError("bind", .busy, diagnostic: text).condition == nil)
    }

    @Test("other texts tell no condition", arguments: ["", "data", "data ,", "no data 52e", "data 57, v1", "data zz"])
    func otherTexts(text: String) {
        let expected: AccountCondition? = text == "no data 52e" ? .wrongPassword : nil
        #expect(LDAPError("bind", .invalidCredentials, diagnostic: text).condition == expected)
    }

    @Test("a server's text is bounded and cannot break a log line")
    func cleaning() {
        let error = LDAPError("bind", .other, diagnostic: "a\nb\u{1b}[31m\0" + String(repeating: "x", count: 5_000))
        #expect(error.diagnostic.utf8.count == LDAPError.diagnosticLimit)
        #expect(error.diagnostic.hasPrefix("a b [31m"))
    }

    @Test("the description has operation, code and text")
    func description() {
        let error = LDAPError("bind", .invalidCredentials, diagnostic: "no")
        #expect("\(error)" == "bind: Invalid credentials (49): no")
    }
}
