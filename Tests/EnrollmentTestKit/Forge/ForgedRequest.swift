public import OpenSSLKit

/// A PKCS #10 request (RFC 2986 § 4) whose every field can be made wrong.
public struct ForgedRequest: Sendable {
    public static let ecdsaWithSHA256 = DERElement.sequence([.identifier("1.2.840.10045.4.3.2")])
    public static let rsaWithSHA256 = DERElement.sequence([.identifier("1.2.840.113549.1.1.11"), .null])

    public var version = DERElement.integer([0])
    /// As Windows writes it: PrintableString, although `!` is not in its alphabet, and a NUL at the end.
    public var subject = DERElement.name([
        ("2.5.4.3", .printable("B1C43CD0-1624-5FBB-8E54-34CF17DFD3A1!9E6A5E2C1D7F4B06\0"))
    ])
    public var publicKeyInfo: DERElement
    /// What stands after the key; `nil` when nothing does.
    public var attributes: DERElement? = ForgedRequest.windowsAttributes
    public var algorithm: DERElement
    public var signature = DERElement.bitString([0x30, 0x00])

    /// - Parameters:
    ///   - publicKeyInfo: A SubjectPublicKeyInfo.
    ///   - algorithm: An AlgorithmIdentifier.
    public init(publicKeyInfo: DERElement, algorithm: DERElement) {
        self.publicKeyInfo = publicKeyInfo
        self.algorithm = algorithm
    }

    /// A request for `key`, not signed yet.
    public init(for key: SigningKey) {
        self.init(publicKeyInfo: DERElement(key.publicKeyInfo), algorithm: Self.algorithm(of: key.type))
    }

    /// The CertificationRequestInfo.
    public var info: DERElement {
        .sequence([self.version, self.subject, self.publicKeyInfo] + (self.attributes.map { [$0] } ?? []))
    }

    public var der: [UInt8] {
        DERElement.sequence([self.info, self.algorithm, self.signature]).octets
    }

    /// The request with the signature of `key` over what it says now.
    public func signed(by key: SigningKey) throws(OpenSSLError) -> ForgedRequest {
        var copy = self
        copy.signature = .bitString(try key.sign(self.info.octets))
        return copy
    }

    /// The AlgorithmIdentifier with which a key of this type signs.
    public static func algorithm(of type: KeyType) -> DERElement {
        switch type {
        case .rsa: self.rsaWithSHA256
        case .ecdsaP256: self.ecdsaWithSHA256
        case .ecdsaP384: .sequence([.identifier("1.2.840.10045.4.3.3")])
        case .ed25519: .sequence([.identifier("1.3.101.112")])
        }
    }

    /// The attribute extensionRequest (RFC 2985 § 5.4.2) with these extensions.
    public static func extensionRequest(_ extensions: [(identifier: String, value: [UInt8])]) -> DERElement {
        let list = extensions.map { DERElement.sequence([.identifier($0.identifier), .octetString($0.value)]) }
        return .sequence([.identifier("1.2.840.113549.1.9.14"), .set([.sequence(list)])])
    }

    /// What Windows asks for: clientAuth, and its own extension that is not even DER.
    public static let windowsAttributes = DERElement.context(
        0,
        [
            ForgedRequest.extensionRequest([
                ("2.5.29.37", DERElement.sequence([.identifier("1.3.6.1.5.5.7.3.2")]).octets),
                ("1.3.6.1.4.1.311.66.1.0", Array("7BA748C8-703E-4DF2-A74A-92984117346A\0".utf8)),
            ])
        ]
    )
}
