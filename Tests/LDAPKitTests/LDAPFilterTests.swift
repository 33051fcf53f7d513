internal import LDAPKit
internal import Testing

@Suite("A search filter")
struct LDAPFilterTests {
    @Test(
        "every octet of a value stands for itself (RFC 4515 § 3)",
        arguments: [
            ("kim", "(uid=kim)"),
            ("*", "(uid=\\2a)"),
            (")(uid=*", "(uid=\\29\\28uid=\\2a)"),
            ("a\\b", "(uid=a\\5cb)"),
            ("a\0b", "(uid=a\\00b)"),
            ("", "(uid=)"),
            ("Zo\u{eb}", "(uid=Zo\\c3\\ab)"),
            ("a\nb", "(uid=a\\0ab)"),
        ]
    )
    func escaping(value: String, expected: String) {
        #expect(LDAPFilter.equal("uid", value).text == expected)
    }

    @Test("octets are written in hexadecimal where they are not plain text")
    func octets() {
        #expect(LDAPFilter.equal("objectGUID", octets: [0, 0x41, 0xFF]).text == "(objectGUID=\\00A\\ff)")
    }

    @Test("filters combine, and one alone stays as it is")
    func combining() {
        let uid = LDAPFilter.equal("uid", "kim")
        let mail = LDAPFilter.present("mail")
        #expect(LDAPFilter.all([uid, mail]).text == "(&(uid=kim)(mail=*))")
        #expect(LDAPFilter.any([uid, mail]).text == "(|(uid=kim)(mail=*))")
        #expect(LDAPFilter.any([uid]).text == "(uid=kim)")
        #expect(LDAPFilter.not(uid).text == "(!(uid=kim))")
        #expect(LDAPFilter.any([]).text == "(|)")
    }

    @Test("a matching rule keeps the value escaped")
    func extensible() {
        let filter = LDAPFilter.matching("member", rule: "1.2.840.113556.1.4.1941", "CN=Kim (IT),DC=corp")
        #expect(filter.text == "(member:1.2.840.113556.1.4.1941:=CN=Kim \\28IT\\29,DC=corp)")
    }

    @Test(
        "a written filter that is not one filter is refused",
        arguments: ["", "uid=kim", "(uid=kim", "(uid=kim))", "(a=1)(b=2)", ")(", "(uid=\0)", "(a=1) "]
    )
    func malformed(text: String) {
        let error = #expect(throws: LDAPError.self) { _ = try LDAPFilter(written: text) }
        #expect(error?.code == .filterError)
    }

    @Test("a written filter is kept as it is", arguments: ["(objectClass=user)", "(&(a=1)(!(b=2)))"])
    func written(text: String) throws {
        #expect(try LDAPFilter(written: text).text == text)
    }

    @Test("attribute names cannot carry anything else", arguments: ["", "a b", "uid)(x", "u*", "-a", "\u{e9}", "a=b"])
    func attributeNames(text: String) {
        #expect(throws: LDAPError.self) { _ = try LDAPAttributeName(text) }
    }
}
