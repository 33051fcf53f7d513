package import OpenSSLKit

/// What a client showed in the handshake; it has proved possession of the private key in every case but ``none``.
package enum PresentedCertificate: Hashable, Sendable {
    case none
    /// The leaf in DER; it chains to a configured issuer and is in its validity. Revocation is not looked at here.
    case verified([UInt8])
    /// The leaf in DER and why it proves nothing: another authority's, expired, or not for clients.
    case unverified([UInt8], reason: String)

    package init(_ certificate: PeerCertificate) {
        switch certificate {
        case .none: self = .none
        case .verified(let leaf): self = .verified(leaf)
        case .unverified(let leaf, let reason): self = .unverified(leaf, reason: reason)
        }
    }

    /// The leaf in DER, whatever it is worth.
    package var leaf: [UInt8]? {
        switch self {
        case .none: nil
        case .verified(let leaf), .unverified(let leaf, _): leaf
        }
    }
}
