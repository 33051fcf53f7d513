internal import COpenSSL

/// A kind of key that this kit can make and use.
public enum KeyType: Hashable, Sendable {
    /// Modulus length in bits; 2048, 3072 and 4096 are offered for authority keys.
    case rsa(bits: Int)
    case ecdsaP256
    case ecdsaP384
    case ed25519

    /// The digest that goes with signatures of this key: of its own strength, none for Ed25519 (RFC 8032).
    public var signatureAlgorithm: SignatureAlgorithm {
        switch self {
        case .rsa: .rsaPKCS1(.sha256)
        case .ecdsaP256: .ecdsa(.sha256)
        case .ecdsaP384: .ecdsa(.sha384)
        case .ed25519: .ed25519
        }
    }

    /// Whether one signature takes so long (over 0.5 ms) that it does not belong on an event loop or the cooperative
    /// pool.
    public var isSlowToSign: Bool {
        switch self {
        case .rsa(let bits): bits > 2_048
        case .ecdsaP384: true
        case .ecdsaP256, .ed25519: false
        }
    }
}

/// A signature scheme with its digest.
public enum SignatureAlgorithm: Hashable, Sendable {
    public enum Digest: Hashable, Sendable {
        case sha256
        case sha384
        case sha512

        /// Octets.
        var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 § 8.2).
    case rsaPKCS1(Digest)
    case ecdsa(Digest)
    case ed25519

    /// The library's digest; `nil` where the scheme hashes by itself.
    var messageDigest: OpaquePointer? {
        switch self {
        case .rsaPKCS1(let digest), .ecdsa(let digest): FetchedDigest.pointer(for: digest)
        case .ed25519: nil
        }
    }
}

/// Digest methods fetched once: an implicit fetch at each use takes a lock and a look-up in OpenSSL 3.
enum FetchedDigest {
    // The library never changes a fetched method, and these live as long as the process.
    nonisolated(unsafe) private static let sha256 = EVP_MD_fetch(nil, "SHA256", nil)
    nonisolated(unsafe) private static let sha384 = EVP_MD_fetch(nil, "SHA384", nil)
    nonisolated(unsafe) private static let sha512 = EVP_MD_fetch(nil, "SHA512", nil)
    nonisolated(unsafe) private static let sha1 = EVP_MD_fetch(nil, "SHA1", nil)
    nonisolated(unsafe) private static let md5 = EVP_MD_fetch(nil, "MD5", nil)

    static func pointer(for digest: SignatureAlgorithm.Digest) -> OpaquePointer? {
        switch digest {
        case .sha256: self.sha256
        case .sha384: self.sha384
        case .sha512: self.sha512
        }
    }

    static var secureHash1: OpaquePointer? { self.sha1 }
    static var messageDigest5: OpaquePointer? { self.md5 }
}
