import EnrollmentTestKit
import Testing
import X509Kit

@Suite("Distinguished name")
struct DistinguishedNameTests {
    @Test("each attribute has its own string type")
    func encoding() throws {
        let name = try DistinguishedName([
            .country("DE"), .organization("Contoso"), .organizationalUnit("Geräte"), .commonName("one"),
        ])
        let expected = DERElement.name([
            ("2.5.4.6", .printable("DE")), ("2.5.4.10", .utf8("Contoso")), ("2.5.4.11", .utf8("Geräte")),
            ("2.5.4.3", .utf8("one")),
        ])
        #expect(name.der == expected.octets)
        #expect(name.description == "CN=one,OU=Geräte,O=Contoso,C=DE")
    }

    @Test(
        "what RFC 4514 reserves is escaped in the text",
        arguments: [
            ("a,b", #"CN=a\,b"#), ("a+b=c", #"CN=a\+b\=c"#), (#"a"b\c"#, #"CN=a\"b\\c"#), ("#1", "CN=\\#1"),
            ("a#1", "CN=a#1"), ("<a;b>", #"CN=\<a\;b\>"#),
        ] as [(String, String)]
    )
    func escaping(_ value: String, _ expected: String) throws {
        #expect(try DistinguishedName([.commonName(value)]).description == expected)
    }

    @Test("a value of 64 characters is taken whole, however many octets it has", arguments: ["a", "ü", "🔑"])
    func longest(_ character: String) throws {
        let value = String(repeating: character, count: 64)
        let name = try DistinguishedName([.commonName(value)])
        #expect(name.der == DERElement.name([("2.5.4.3", .utf8(value))]).octets)
    }

    @Test(
        "a value that does not fit is refused, never shortened",
        arguments: [
            ("a character too many", .commonName(String(repeating: "a", count: 65))),
            ("a character too many, in 64 graphemes", .commonName(String(repeating: "a", count: 63) + "e\u{301}")),
            ("an organization too long", .organization(String(repeating: "o", count: 65))),
            ("a unit too long", .organizationalUnit(String(repeating: "o", count: 65))),
            ("empty", .commonName("")), ("a blank before", .commonName(" a")), ("a blank behind", .commonName("a ")),
            ("a NUL", .commonName("a\0b")), ("a line feed", .commonName("a\nb")), ("DEL", .commonName("a\u{7f}")),
            ("a C1 control", .commonName("a\u{85}")), ("three letters", .country("DEU")),
            ("small letters", .country("de")), ("one letter", .country("D")), ("letters outside ASCII", .country("ÄÖ")),
        ] as [(String, DistinguishedName.Attribute)]
    )
    func refusal(_ what: String, _ attribute: DistinguishedName.Attribute) {
        #expect(throws: X509Error.self) { try DistinguishedName([attribute]) }
    }

    @Test("a name without an attribute is refused")
    func noAttribute() {
        #expect(throws: X509Error("name: no attribute")) { try DistinguishedName([]) }
    }
}
