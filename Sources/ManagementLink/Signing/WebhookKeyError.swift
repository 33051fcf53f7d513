/// Why a signing secret or key cannot be used.
///
/// Never holds any of it.
package enum WebhookKeyError: Error, Hashable, Sendable {
    /// Not `whsec_` and base64 of 24–64 octets.
    case secret
    /// Not `whsk_` and base64 of an Ed25519 seed, 32 octets, or of the seed and its public key, 64.
    case key
    /// The public key behind the seed is not the seed's.
    case contradictoryKey
    /// Nothing to sign with.
    case none
    /// The cryptographic library's words.
    case library(String)
}

extension WebhookKeyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .secret: "a signing secret is whsec_ followed by base64 of 24 to 64 random octets"
        case .key: "a signing key is whsk_ followed by base64 of an Ed25519 seed, 32 octets, or of seed and public key"
        case .contradictoryKey: "the public key that the signing key carries is not its own"
        case .none: "there is neither a secret nor a key to sign with"
        case .library(let words): "the cryptographic library refused: \(words)"
        }
    }
}
