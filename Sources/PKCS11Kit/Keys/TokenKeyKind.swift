/// A kind of key that tokens are asked for.
public enum TokenKeyKind: Hashable, Sendable {
    /// Modulus length in bits.
    case rsa(bits: Int)
    case ecdsaP256
    case ecdsaP384
    case ed25519
}

/// What a key on a token is asked to sign.
public enum TokenSignature: Hashable, Sendable {
    /// A digest as long as the curve's order: 32 or 48 octets; the signature is DER (RFC 3279 § 2.2.3).
    case ecdsa(digest: [UInt8])
    /// A SHA-256 digest, 32 octets, with RSASSA-PKCS1-v1_5 (RFC 8017 § 8.2).
    case rsaPKCS1(sha256: [UInt8])
    /// The message itself (RFC 8032).
    case ed25519(message: [UInt8])
}
