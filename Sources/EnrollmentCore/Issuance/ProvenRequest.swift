/// What a certificate request contributes: a public key, and the evidence that its sender holds the private one.
///
/// Names and extensions of the request are not here; they never enter a certificate.
public struct ProvenRequest: Hashable, Sendable {
    /// SubjectPublicKeyInfo, DER.
    public let publicKeyInfo: [UInt8]
    public let algorithm: KeyAlgorithm
    /// Where the request says that the private key is kept; for the record, never for the certificate.
    public let protection: KeyProtection

    /// Only a ``RequestInspector`` makes one, after verifying the signature.
    public init(publicKeyInfo: [UInt8], algorithm: KeyAlgorithm, protection: KeyProtection = .unstated) {
        self.publicKeyInfo = publicKeyInfo
        self.algorithm = algorithm
        self.protection = protection
    }
}

/// A kind of key and its size.
public enum KeyAlgorithm: Hashable, Sendable {
    /// Modulus length in bits.
    case rsa(bits: Int)
    case ecdsaP256
    case ecdsaP384
    case ed25519

    /// Bits of security against known attacks (NIST SP 800-57 part 1, table 2; RSA between its lines counts as the lower).
    public var strength: Int {
        switch self {
        case .rsa(let bits):
            switch bits {
            case 15_360...: 256
            case 7_680...: 192
            case 3_072...: 128
            case 2_048...: 112
            default: 80
            }
        case .ecdsaP256, .ed25519: 128
        case .ecdsaP384: 192
        }
    }

    public var isRSA: Bool {
        if case .rsa = self { true } else { false }
    }
}
