/// A CMS SignedData (RFC 5652 § 5.1) in its ContentInfo whose every field can be made wrong.
public struct ForgedSignedMessage: Sendable {
    public static let dataType = "1.2.840.113549.1.7.1"
    public static let pkiDataType = "1.3.6.1.5.5.7.12.2"

    public var type = DERElement.identifier("1.2.840.113549.1.7.2")
    public var version = DERElement.integer([1])
    public var digestAlgorithms = DERElement.set([ForgedSigner.sha256])
    public var contentType: DERElement
    /// What stands under the explicit tag of the content; `nil` for a detached signature.
    public var content: DERElement?
    /// `nil` leaves the field out.
    public var certificates: [DERElement]?
    public var signers: [DERElement]

    /// A message that holds `content` in an OCTET STRING.
    ///
    /// - Parameters:
    ///   - content: The octets that were signed.
    ///   - contentType: What they are, as a dotted identifier.
    ///   - certificates: Each one whole.
    ///   - signers: Each one whole.
    public init(
        _ content: [UInt8],
        contentType: String = ForgedSignedMessage.dataType,
        certificates: [DERElement],
        signers: [DERElement]
    ) {
        self.contentType = .identifier(contentType)
        self.content = .octetString(content)
        self.certificates = certificates
        self.signers = signers
    }

    public var der: [UInt8] {
        let content = self.content.map { [DERElement.context(0, [$0])] } ?? []
        var fields = [self.version, self.digestAlgorithms, .sequence([self.contentType] + content)]
        if let certificates = self.certificates { fields.append(.context(0, certificates)) }
        fields.append(.set(self.signers))
        return DERElement.sequence([self.type, .context(0, [.sequence(fields)])]).octets
    }

    /// A CMC PKIData (RFC 5272 § 3.2.1) around one request, with a control as Windows writes it.
    ///
    /// - Parameters:
    ///   - requests: Each PKCS #10 request, DER.
    ///   - messages: What stands in its cmsSequence.
    /// - Returns: The PKIData.
    public static func pkiData(_ requests: [[UInt8]], messages: [DERElement] = []) -> DERElement {
        let control = DERElement.sequence([
            .integer([2]), .identifier("1.3.6.1.4.1.311.10.10.1"), .set([.sequence([.integer([0]), .sequence([])])]),
        ])
        let tagged = requests.map { DERElement.context(0, [.integer([1]), DERElement($0)]) }
        return .sequence([.sequence([control]), .sequence(tagged), .sequence(messages), .sequence([])])
    }
}
