/// What a certificate request contributes: a public key, and the evidence that its sender holds the private one.
///
/// Names and extensions of the request are not here; they never enter a certificate.
public struct ProvenRequest: Hashable, Sendable {
    /// SubjectPublicKeyInfo, DER.
    public let publicKeyInfo: [UInt8]
    public let algorithm: KeyAlgorithm

    /// Only a ``RequestInspector`` makes one, after verifying the signature.
    public init(publicKeyInfo: [UInt8], algorithm: KeyAlgorithm) {
        self.publicKeyInfo = publicKeyInfo
        self.algorithm = algorithm
    }
}

/// A kind of key and its size.
public enum KeyAlgorithm: Hashable, Sendable {
    /// Modulus length in bits.
    case rsa(bits: Int)
    case ecdsaP256
    case ecdsaP384
    case ed25519

    public var isRSA: Bool {
        if case .rsa = self { true } else { false }
    }
}
