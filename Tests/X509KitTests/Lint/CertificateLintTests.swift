import EnrollmentTestKit
import Testing
import X509Kit

@Suite("Certificate lint", .timeLimit(.minutes(25)))
struct CertificateLintTests {
    static let breaches =
        Breach.ofStructure + Breach.ofSerialNumber + Breach.ofValidity + Breach.ofPublicKey + Breach.ofNames
        + Breach.ofAlternativeNames + Breach.ofExtensions + Breach.ofConstraints + Breach.ofUsage
        + Breach.ofKeyIdentifiers + Breach.ofLocations

    @Test("a certificate with one flaw breaks the rule about it and what follows from that", arguments: breaches)
    func breach(_ breach: Breach) throws {
        let broken = try breach.findings()
        #expect(Set(broken.map(\.rule)) == breach.implied.union([breach.rule]), "\(broken)")
        #expect(broken.allSatisfy { !$0.message.isEmpty })
    }

    @Test("every rule has a certificate that breaks it")
    func everyRule() {
        #expect(Set(Self.breaches.map(\.rule)) == Set(CertificateLint.rules.map(\.name)))
    }

    @Test("a certificate of each kind without a flaw breaks no rule", arguments: ForgedKind.allCases)
    func good(_ kind: ForgedKind) throws {
        let context = LintContext(
            issuer: try kind.issuer.map { try Certificate(der: $0.der) },
            issuerID: ForgedKind.issuerID
        )
        #expect(CertificateLint.findings(in: kind.certificate.der, context: context) == [])
    }

    @Test("there are forty rules at least, each with a name of its own and a source")
    func names() {
        let names = CertificateLint.rules.map(\.name)
        #expect(names.count >= 40)
        #expect(Set(names).count == names.count)
        #expect(!names.contains(CertificateLint.readable.name))
        #expect(CertificateLint.rules.allSatisfy { !$0.source.isEmpty })
    }

    @Test("octets that are no certificate break one rule of their own", arguments: [[], [0x30, 0x00], [0x05, 0x00]])
    func unreadable(_ octets: [UInt8]) {
        let findings = CertificateLint.findings(in: octets, context: LintContext(issuer: nil, issuerID: "2026-a"))
        #expect(findings.map(\.rule) == [CertificateLint.readable.name])
    }

    @Test("each octet of a good certificate may be changed: there are findings or none, never an end")
    func mutations() throws {
        let context = LintContext(
            issuer: try Certificate(der: ForgedCertificate.issuing.der),
            issuerID: ForgedKind.issuerID
        )
        let good = ForgedCertificate.device.der
        var refused = 0
        for index in good.indices {
            for value in [0x00, 0x7f, 0x80, 0xff, good[index] ^ 1, good[index] ^ 0x20] {
                var octets = good
                octets[index] = value
                if !CertificateLint.findings(in: octets, context: context).isEmpty { refused += 1 }
            }
        }
        #expect(refused > good.count)
    }
}
