public import OpenSSLKit

/// A SignerInfo (RFC 5652 § 5.3) whose every field can be made wrong.
public struct ForgedSigner: Sendable {
    public static let sha256 = DERElement.sequence([.identifier("2.16.840.1.101.3.4.2.1"), .null])
    public static let sha1 = DERElement.sequence([.identifier("1.3.14.3.2.26"), .null])

    public var version = DERElement.integer([1])
    public var identifier: DERElement
    public var digestAlgorithm: DERElement
    /// The members of the signed attributes; `nil` when the signature is over the content.
    public var attributes: [DERElement]?
    public var signatureAlgorithm: DERElement
    public var unsignedAttributes: DERElement?
    /// What signs, over whatever the fields say by then.
    public var key: SigningKey
    private let content: [UInt8]

    /// A signer by the right key, with the attributes that CMS asks for.
    ///
    /// - Parameters:
    ///   - identity: Who signs, named by issuer and serial number.
    ///   - content: The signed octets.
    ///   - contentType: What they are, as a dotted identifier.
    /// - Throws: ``OpenSSLError`` when no digest can be made.
    public init(
        _ identity: ForgedIdentity,
        over content: [UInt8],
        contentType: String = ForgedSignedMessage.dataType
    ) throws(OpenSSLError) {
        self.key = identity.key
        self.content = content
        self.identifier = .sequence([identity.issuer, identity.serialNumber])
        let digest: [UInt8]
        switch identity.key.type {
        case .ecdsaP384:
            self.digestAlgorithm = .sequence([.identifier("2.16.840.1.101.3.4.2.2")])
            digest = try Digest.octets(of: content, with: .sha384)
        case .ed25519:
            self.digestAlgorithm = .sequence([.identifier("2.16.840.1.101.3.4.2.3")])
            digest = try Digest.octets(of: content, with: .sha512)
        case .rsa, .ecdsaP256:
            self.digestAlgorithm = Self.sha256
            digest = try Digest.octets(of: content, with: .sha256)
        }
        self.signatureAlgorithm =
            identity.key.type.isRSA
            ? .sequence([.identifier("1.2.840.113549.1.1.1"), .null])
            : ForgedRequest.algorithm(of: identity.key.type)
        self.attributes = [Self.contentType(contentType), Self.messageDigest(digest)]
    }

    /// The SignerInfo with the signature of ``key`` over what it says now.
    public func signed() throws(OpenSSLError) -> DERElement {
        let octets = self.attributes.map { DERElement.set($0).octets } ?? self.content
        return self.element(signature: try self.key.sign(octets))
    }

    /// The SignerInfo with these octets where its signature belongs.
    public func element(signature: [UInt8]) -> DERElement {
        var fields = [self.version, self.identifier, self.digestAlgorithm]
        if let attributes = self.attributes { fields.append(.context(0, attributes)) }
        fields += [self.signatureAlgorithm, .octetString(signature)]
        if let unsigned = self.unsignedAttributes { fields.append(unsigned) }
        return .sequence(fields)
    }

    /// The identifier of a signer by the key identifier of the certificate.
    public static func keyIdentifier(_ octets: [UInt8]) -> DERElement { .context(0, octets: octets) }

    public static func contentType(_ dotted: String) -> DERElement {
        .sequence([.identifier("1.2.840.113549.1.9.3"), .set([.identifier(dotted)])])
    }

    public static func messageDigest(_ octets: [UInt8]) -> DERElement {
        .sequence([.identifier("1.2.840.113549.1.9.4"), .set([.octetString(octets)])])
    }

    /// Microsoft's attribute that holds the certificate to be renewed.
    public static func renewalCertificate(_ certificate: DERElement) -> DERElement {
        .sequence([.identifier("1.3.6.1.4.1.311.13.1"), .set([certificate])])
    }

    /// Microsoft's attribute that names where the key was made; UTF-16 with a NUL behind it.
    public static func provider(_ name: String) -> DERElement {
        let units = (Array(name.utf16) + [0]).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        let fields: [DERElement] = [.integer([1]), DERElement(tag: 0x1e, units), .bitString([])]
        return .sequence([.identifier("1.3.6.1.4.1.311.13.2.2"), .set([.sequence(fields)])])
    }
}

extension KeyType {
    fileprivate var isRSA: Bool {
        if case .rsa = self { true } else { false }
    }
}
