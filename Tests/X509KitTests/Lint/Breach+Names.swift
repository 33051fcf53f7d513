import EnrollmentTestKit

extension Breach {
    private static let organization = "2.5.4.10"
    private static let commonName = "2.5.4.3"

    static let ofNames: [Breach] = [
        Breach(
            "issuer.not-empty",
            withIssuer: { certificate, issuer in
                issuer.subject = .name([])
                certificate.issuer = .name([])
            }
        ),
        Breach("issuer.is-the-issuers-subject") {
            // The same words in another string type: equal to people, not to every reader.
            $0.issuer = .name([("2.5.4.6", .printable("DE")), (Self.commonName, .printable("Contoso Issuing"))])
        },
        Breach("issuer.is-the-issuers-subject", in: .root) { $0.issuer = .name([(Self.commonName, .utf8("Other"))]) },
        Breach("subject.not-empty", implies: ["subject.one-common-name"]) { $0.subject = .name([]) },
        Breach("subject.one-common-name") {
            $0.subject = .name([(Self.commonName, .utf8("one")), (Self.commonName, .utf8("two"))])
        },
        Breach("subject.one-common-name") { $0.subject = .name([(Self.organization, .utf8("Contoso"))]) },
        Breach("name.one-attribute-each") {
            let attributes = [(Self.commonName, "device"), (Self.organization, "Contoso")]
            $0.subject = .sequence([.set(attributes.map { .sequence([.identifier($0.0), .utf8($0.1)]) })])
        },
        Breach("name.string-type") { $0.putCommonName(DERElement(tag: 0x14, Array("device".utf8))) },
        Breach("name.string-type") { $0.putAttribute("2.5.4.6", .utf8("DE")) },
        Breach("name.printable-string-alphabet") { $0.putCommonName(.printable("device_1")) },
        Breach("name.utf8") { $0.putAttribute(Self.organization, DERElement(tag: 0x0c, [0xc0, 0xaf])) },
        Breach("name.not-empty-value") { $0.putAttribute(Self.organization, .utf8("")) },
        Breach("name.no-control-characters") { $0.putCommonName(.utf8("device\0.contoso.example")) },
        Breach("name.no-surrounding-blanks") { $0.putCommonName(.utf8("device ")) },
        Breach("name.no-surrounding-blanks") { $0.putCommonName(.utf8(" device")) },
        Breach("name.length-limits") { $0.putCommonName(.utf8(String(repeating: "ü", count: 65))) },
        Breach("name.length-limits") { $0.putAttribute("2.5.4.7", .utf8(String(repeating: "o", count: 129))) },
        Breach("name.country-code") { $0.putAttribute("2.5.4.6", .printable("de")) },
        Breach("name.country-code") { $0.putAttribute("2.5.4.6", .printable("DEU")) },
    ]

    static let ofAlternativeNames: [Breach] = [
        Breach("alternative-names.not-empty") { $0.putNames() },
        Breach("alternative-names.for-end-entities") { $0.remove(ExtensionID.subjectAlternativeName) },
        Breach("alternative-names.dns") { $0.putNames(.context(2, octets: Array("a_b.example".utf8))) },
        Breach("alternative-names.dns") { $0.putNames(.context(2, octets: Array("a..example".utf8))) },
        Breach("alternative-names.dns") { $0.putNames(.context(2, octets: Array("a.*.example".utf8))) },
        Breach("alternative-names.dns") { $0.putNames(.context(2, octets: Array("-a.example".utf8))) },
        Breach("alternative-names.uri") { $0.putNames(.context(6, octets: Array("/relative".utf8))) },
        Breach("alternative-names.uri") { $0.putNames(.context(6, octets: Array("urn:with blank".utf8))) },
        Breach("alternative-names.address") { $0.putNames(.context(7, octets: [192, 0, 2, 1, 24])) },
        Breach("alternative-names.no-duplicates") {
            let name = DERElement.context(2, octets: Array("a.example".utf8))
            $0.putNames(name, name)
        },
    ]
}
