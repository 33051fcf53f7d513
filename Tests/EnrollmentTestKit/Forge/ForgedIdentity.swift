public import OpenSSLKit

/// A key and a certificate for it, as a device holds them; nobody issued it, and its signature is not one.
public struct ForgedIdentity: Sendable {
    public let key: SigningKey
    /// The issuer's Name.
    public var issuer = DERElement.name([("2.5.4.3", .utf8("Forged Issuing Authority"))])
    public var serialNumber: DERElement
    public var subject = DERElement.name([("2.5.4.3", .utf8("device"))])
    /// Contents of the subject key identifier; `nil` leaves the extension out.
    public var keyIdentifier: [UInt8]?

    /// - Parameters:
    ///   - type: The kind of key to make.
    ///   - serial: Tells two identities apart, in their serial number and key identifier.
    /// - Throws: ``OpenSSLError`` when no key can be made.
    public init(_ type: KeyType = .ecdsaP256, serial: UInt8 = 1) throws(OpenSSLError) {
        self.key = try SigningKey.generate(type)
        self.serialNumber = .integer([1, serial])
        self.keyIdentifier = [UInt8](repeating: serial, count: 20)
    }

    /// The certificate.
    public var certificate: DERElement { self.certificate(of: DERElement(self.key.publicKeyInfo)) }

    /// The certificate, of another key.
    public func certificate(of publicKeyInfo: DERElement) -> DERElement {
        let algorithm = ForgedRequest.algorithm(of: .ecdsaP256)
        let identifier = self.keyIdentifier.map { DERElement.octetString($0).octets }
        let extensions = identifier.map {
            [DERElement.context(3, [.sequence([.sequence([.identifier("2.5.29.14"), .octetString($0)])])])]
        }
        let validity = DERElement.sequence([.utcTime("260101000000Z"), .utcTime("271231235959Z")])
        let fields: [DERElement] = [
            .context(0, [.integer([2])]), self.serialNumber, algorithm, self.issuer, validity, self.subject,
            publicKeyInfo,
        ]
        return .sequence([.sequence(fields + (extensions ?? [])), algorithm, .bitString([0x30, 0x00])])
    }
}
