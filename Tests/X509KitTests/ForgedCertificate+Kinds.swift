import EnrollmentTestKit
import X509Kit

/// The kinds of certificate that this authority issues, each forged without a flaw.
enum ForgedKind: String, Sendable, CaseIterable {
    case root
    case issuing
    case server
    case device
    case responder

    /// The id that the URLs inside name: the signer's.
    static let issuerID = "2026-a"

    var certificate: ForgedCertificate {
        switch self {
        case .root: .root
        case .issuing: .issuing
        case .server: .server
        case .device: .device
        case .responder: .responder
        }
    }

    /// Who signs this kind; `nil` for what signs itself.
    var issuer: ForgedCertificate? {
        switch self {
        case .root: nil
        case .issuing: .root
        case .server, .device, .responder: .issuing
        }
    }
}

extension ForgedCertificate {
    private static let rootName = DERElement.name([("2.5.4.10", .utf8("Contoso")), ("2.5.4.3", .utf8("Contoso Root"))])
    private static let issuingName = DERElement.name([
        ("2.5.4.6", .printable("DE")), ("2.5.4.3", .utf8("Contoso Issuing")),
    ])
    private static let rootKeyIdentifier = [UInt8](repeating: 0x11, count: 20)
    private static let issuingKeyIdentifier = [UInt8](repeating: 0x22, count: 20)
    static let ownKeyIdentifier = [UInt8](repeating: 0x33, count: 20)

    /// The base point of P-256 (FIPS 186-4 § D.1.2.3), which is as good a key as any to look at.
    static let ellipticKey = DERElement.ellipticKey(
        curve: "1.2.840.10045.3.1.7",
        point: [
            0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
            0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42,
            0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
            0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
        ]
    )

    /// Some odd number of so many octets.
    static func modulus(octets: Int) -> [UInt8] {
        [0xc1] + [UInt8](repeating: 0x5a, count: octets - 2) + [0x0d]
    }

    static let root: ForgedCertificate = {
        var certificate = ForgedCertificate(issuer: Self.rootName, subject: Self.rootName)
        certificate.notAfter = .utcTime("451231235959Z")
        certificate.extensions = []
        certificate.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(true), .integer([1])]))
        certificate.put(ExtensionID.keyUsage, critical: true, .bitString([0x06], unused: 1))
        certificate.put(ExtensionID.subjectKeyIdentifier, .octetString(Self.rootKeyIdentifier))
        return certificate
    }()

    static let issuing: ForgedCertificate = {
        var certificate = ForgedCertificate(issuer: Self.rootName, subject: Self.issuingName)
        certificate.notAfter = .utcTime("301231235959Z")
        certificate.extensions = []
        certificate.put(ExtensionID.basicConstraints, critical: true, .sequence([.boolean(true), .integer([0])]))
        certificate.put(ExtensionID.keyUsage, critical: true, .bitString([0x86], unused: 1))
        certificate.putPurposes(PurposeID.clientAuth, PurposeID.serverAuth, PurposeID.ocspSigning)
        certificate.put(ExtensionID.subjectKeyIdentifier, .octetString(Self.issuingKeyIdentifier))
        certificate.putAuthorityKey(Self.rootKeyIdentifier)
        certificate.putLocations()
        return certificate
    }()

    static let device: ForgedCertificate = {
        var certificate = ForgedCertificate(
            issuer: Self.issuingName,
            subject: .name([
                ("2.5.4.11", .utf8("Managed devices")), ("2.5.4.3", .utf8("6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1")),
            ])
        )
        certificate.makeEndEntity(purpose: PurposeID.clientAuth)
        certificate.putNames(.context(6, octets: Array("urn:uuid:6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1".utf8)))
        return certificate
    }()

    static let server: ForgedCertificate = {
        var certificate = ForgedCertificate(
            issuer: Self.issuingName,
            subject: .name([("2.5.4.3", .utf8("mdm.contoso.example"))])
        )
        certificate.publicKeyInfo = .rsaKey(modulus: Self.modulus(octets: 256))
        certificate.makeEndEntity(purpose: PurposeID.serverAuth)
        certificate.put(ExtensionID.keyUsage, critical: true, .bitString([0xa0], unused: 5))
        certificate.putNames(
            .context(2, octets: Array("mdm.contoso.example".utf8)),
            .context(2, octets: Array("*.contoso.example".utf8)),
            .context(7, octets: [192, 0, 2, 1])
        )
        return certificate
    }()

    static let responder: ForgedCertificate = {
        var certificate = ForgedCertificate(
            issuer: Self.issuingName,
            subject: .name([("2.5.4.3", .utf8("OCSP responder 2026-a"))])
        )
        certificate.notAfter = .utcTime("260130235959Z")
        certificate.makeEndEntity(purpose: PurposeID.ocspSigning)
        certificate.put(ExtensionID.ocspNoCheck, .null)
        return certificate
    }()

    private mutating func makeEndEntity(purpose: String) {
        self.extensions = []
        self.put(ExtensionID.basicConstraints, critical: true, .sequence([]))
        self.put(ExtensionID.keyUsage, critical: true, .bitString([0x80], unused: 7))
        self.putPurposes(purpose)
        self.put(ExtensionID.subjectKeyIdentifier, .octetString(Self.ownKeyIdentifier))
        self.putAuthorityKey(Self.issuingKeyIdentifier)
        self.putLocations()
    }

    mutating func putPurposes(_ purposes: String...) {
        self.put(ExtensionID.extendedKeyUsage, .sequence(purposes.map { .identifier($0) }))
    }

    mutating func putNames(_ names: DERElement...) {
        self.put(ExtensionID.subjectAlternativeName, .sequence(names))
    }

    mutating func putAuthorityKey(_ identifier: [UInt8], and others: [DERElement] = []) {
        self.put(ExtensionID.authorityKeyIdentifier, .sequence([.context(0, octets: identifier)] + others))
    }

    mutating func putCommonName(_ value: DERElement) {
        self.subject = .name([("2.5.4.3", value)])
    }

    /// The subject of a good certificate with one more attribute before its common name.
    mutating func putAttribute(_ type: String, _ value: DERElement) {
        self.subject = .name([(type, value), ("2.5.4.3", .utf8("device"))])
    }

    mutating func putLocations(
        crl: String = "http://pki.contoso.example/pki/crl/\(ForgedKind.issuerID)/0.crl",
        ocsp: String = "http://pki.contoso.example/pki/ocsp/\(ForgedKind.issuerID)",
        issuer: String = "http://pki.contoso.example/pki/issuer/\(ForgedKind.issuerID).cer"
    ) {
        let point = DERElement.context(0, [.context(0, [.context(6, octets: Array(crl.utf8))])])
        self.put(ExtensionID.crlDistributionPoints, .sequence([.sequence([point])]))
        let accesses = [("1.3.6.1.5.5.7.48.1", ocsp), ("1.3.6.1.5.5.7.48.2", issuer)]
        self.put(
            ExtensionID.authorityInformationAccess,
            .sequence(accesses.map { .sequence([.identifier($0.0), .context(6, octets: Array($0.1.utf8))]) })
        )
    }
}
