import EnrollmentTestKit
import Testing
import X509Kit

@Suite("Certificate", .timeLimit(.minutes(25)))
struct CertificateTests {
    @Test("its parts are the very octets of the whole", arguments: ForgedKind.allCases)
    func parts(_ kind: ForgedKind) throws {
        let forged = kind.certificate
        let certificate = try Certificate(der: forged.der)
        #expect(certificate.der == forged.der)
        #expect(certificate.issuer == forged.issuer.octets)
        #expect(certificate.subject == forged.subject.octets)
        #expect(certificate.publicKeyInfo == forged.publicKeyInfo.octets)
        #expect(DERElement.integer(certificate.serialNumber) == forged.serialNumber)
        #expect(DERElement.bitString(certificate.signature) == forged.signature)
        let outer = DERElement.sequence([
            DERElement(certificate.toBeSigned), forged.outerAlgorithm, forged.signature,
        ])
        #expect(outer.octets == forged.der)
        #expect(certificate.isAuthority == (kind == .root || kind == .issuing))
    }

    @Test("a certificate cut off anywhere is refused")
    func truncation() {
        let der = ForgedCertificate.device.der
        for length in der.indices {
            #expect(throws: X509Error.self) { try Certificate(der: Array(der.prefix(length))) }
        }
    }

    @Test("octets after a certificate are refused")
    func trailing() {
        #expect(throws: X509Error.self) { try Certificate(der: ForgedCertificate.device.der + [0]) }
    }

    @Test(
        "a certificate of another outer structure is refused",
        arguments: [
            Deviation("an unknown field") { $0.uniqueIdentifier = .context(4, []) },
            Deviation("a serial number that is no INTEGER") { $0.serialNumber = .octetString([1]) },
            Deviation("no end of validity") { $0.notAfter = DERElement([]) },
            Deviation("a signature that is no BIT STRING") { $0.signature = .octetString([1]) },
            Deviation("an issuer that is no list") { $0.issuer = .utf8("Contoso") },
        ] as [Deviation<ForgedCertificate>]
    )
    func refusal(_ deviation: Deviation<ForgedCertificate>) {
        let forged = deviation.applied(to: ForgedCertificate.device)
        #expect(throws: X509Error.self) { try Certificate(der: forged.der) }
    }

    @Test("an extension that is absent is told from an empty one")
    func absent() throws {
        var forged = ForgedCertificate.device
        forged.extensions = nil
        let certificate = try Certificate(der: forged.der)
        #expect(try certificate.keyUsage() == nil)
        #expect(try certificate.extendedKeyUsages() == nil)
        #expect(try certificate.alternativeNames().isEmpty)
        #expect(certificate.subjectKeyIdentifier == nil)
        #expect(!certificate.isAuthority)
    }
}
