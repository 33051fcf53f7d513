internal import LDAPKit
internal import Testing

@Suite("A distinguished name")
struct DistinguishedNameTests {
    @Test(
        "spellings of one name are equal",
        arguments: [
            ("CN=Staff,OU=Groups,DC=corp,DC=example", "cn=staff, ou=groups , dc = Corp,dc=EXAMPLE"),
            ("cn=a\\,b,dc=c", "cn=a\\2cb,dc=c"),
            ("cn=Zo\u{eb},dc=c", "cn=zo\\c3\\ab,dc=c"),
            ("cn=a+uid=b,dc=c", "UID=b + CN=a,dc=c"),
            ("cn=\\ a\\ ,dc=c", "cn=\\20a\\20,dc=c"),
            ("", "  "),
        ]
    )
    func equal(left: String, right: String) throws {
        let (left, right) = (try DistinguishedName(left), try DistinguishedName(right))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
    }

    @Test(
        "different names are different",
        arguments: [
            ("cn=a,dc=c", "cn=a,dc=d"), ("cn=a\\,dc=c", "cn=a,dc=c"), ("cn=a,cn=b", "cn=b,cn=a"),
            ("cn=ab,dc=c", "cn=a b,dc=c"), ("cn=\\ a", "cn=a"),
        ]
    )
    func different(left: String, right: String) throws {
        #expect(try DistinguishedName(left) != DistinguishedName(right))
    }

    @Test(
        "what is not a name is refused",
        arguments: [
            "kim", "cn", "cn=a,", "=a", ",", "cn=a\\", "cn=a\\2", "cn=\"a\"", "c n=a", "cn=a;dc=b", "cn=a\0,dc=b",
        ]
    )
    func malformed(text: String) {
        let error = #expect(throws: LDAPError.self) { _ = try DistinguishedName(text) }
        #expect(error?.code == .invalidDNSyntax || error?.code == .invalidArgument)
    }

    @Test(
        "a value becomes one component whatever it holds (RFC 4514 § 2.4)",
        arguments: ["a,dc=evil", " lead", "trail ", "#hash", "a+b=c", "q\"<>;\\", "nul\0", "Zo\u{eb}", " "]
    )
    func child(value: String) throws {
        let child = try DistinguishedName("dc=corp").child("cn", value)
        #expect(child.leadingValue == value)
        #expect(child.text.hasSuffix(",dc=corp"))
        #expect(try DistinguishedName(child.text) == child)
    }

    @Test("the first value is told without its escapes")
    func leadingValue() throws {
        #expect(try DistinguishedName("CN=Staff\\, all,DC=corp").leadingValue == "Staff, all")
    }
}
