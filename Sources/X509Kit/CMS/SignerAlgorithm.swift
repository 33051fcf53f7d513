internal import SwiftASN1

/// A digest that content is signed by (RFC 5754 § 2).
public enum MessageDigest: Hashable, Sendable, CaseIterable {
    case sha256
    case sha384
    case sha512
}

/// How a signer of a ``SignedData`` signed.
///
/// SHA-1 is refused, as it is in requests: collisions of a chosen beginning are within anybody's means, and the policy
/// that devices are given names SHA-256.
public struct SignerAlgorithm: Hashable, Sendable {
    /// The digest of the content where there are signed attributes.
    public let digest: MessageDigest
    public let scheme: SignatureScheme

    /// - Parameters:
    ///   - digest: The signer's digest AlgorithmIdentifier.
    ///   - signature: The signer's signature AlgorithmIdentifier: a scheme, or only the kind of key, whose digest is
    ///     then the other one (RFC 3370 § 3.2).
    /// - Throws: ``X509Error`` for what is not accepted.
    init(digest: ASN1Node, signature: ASN1Node) throws {
        let identified = try Self.identifier(in: digest)
        self.digest =
            switch identified.algorithm {
            case OID.sha256: .sha256
            case OID.sha384: .sha384
            case OID.sha512: .sha512
            case OID.sha1: throw Self.secureHash1
            default: throw X509Error("digest algorithm \(identified.algorithm) is not accepted")
            }
        guard identified.hasUsualParameters else {
            throw X509Error("digest algorithm \(identified.algorithm): unexpected parameters")
        }
        self.scheme = try Self.scheme(signature, with: self.digest)
    }

    private static let secureHash1 = X509Error(
        "SHA-1 is not accepted; the device has to sign with SHA-256, as the enrollment policy tells it"
    )

    private static func scheme(_ node: ASN1Node, with digest: MessageDigest) throws -> SignatureScheme {
        let identified = try Self.identifier(in: node)
        switch identified.algorithm {
        case OID.rsaEncryption, OID.ecPublicKey:
            guard identified.hasUsualParameters || identified.parameters == .objectIdentifier else {
                throw X509Error("signature algorithm \(identified.algorithm): unexpected parameters")
            }
            return identified.algorithm == OID.rsaEncryption ? Self.rsa(digest) : Self.elliptic(digest)
        case OID.rsaWithSHA1, OID.ecdsaWithSHA1:
            throw Self.secureHash1
        default:
            let scheme = try SignatureScheme(node: node)
            // RFC 8419 § 3.1 puts SHA-512 beside Ed25519; the others are no weaker than what is taken elsewhere.
            guard scheme == .ed25519 || scheme == Self.rsa(digest) || scheme == Self.elliptic(digest) else {
                throw X509Error("the signature's digest is not the content's")
            }
            return scheme
        }
    }

    private static func rsa(_ digest: MessageDigest) -> SignatureScheme {
        switch digest {
        case .sha256: .rsaWithSHA256
        case .sha384: .rsaWithSHA384
        case .sha512: .rsaWithSHA512
        }
    }

    private static func elliptic(_ digest: MessageDigest) -> SignatureScheme {
        switch digest {
        case .sha256: .ecdsaWithSHA256
        case .sha384: .ecdsaWithSHA384
        case .sha512: .ecdsaWithSHA512
        }
    }

    private static func identifier(in node: ASN1Node) throws -> Identified {
        try DER.sequence(node, identifier: .sequence) { nodes in
            Identified(algorithm: try ASN1ObjectIdentifier(derEncoded: &nodes), parameters: nodes.next()?.identifier)
        }
    }

    private struct Identified {
        let algorithm: ASN1ObjectIdentifier
        /// Of which type they are: keeping the node ends the optimizer of Swift 6.3.1 in an internal error.
        let parameters: ASN1Identifier?

        /// None or NULL: both are written for the same algorithms.
        var hasUsualParameters: Bool { self.parameters == nil || self.parameters == .null }
    }
}
