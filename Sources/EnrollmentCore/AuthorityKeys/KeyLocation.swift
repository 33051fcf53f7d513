/// Where an authority's private key is.
public enum KeyLocation: Hashable, Sendable {
    /// In the store, sealed for the service's passphrase.
    case sealed([UInt8])
    /// In the store, sealed under a key of which people hold shares: the service cannot open it by itself.
    case split([UInt8])
    /// On a PKCS #11 token; the octets are its URI (RFC 7512) without a PIN.
    case token(uri: String)
    /// Nowhere near: on a machine that is not on the network.
    case offline
    /// Nowhere any more.
    case destroyed

    /// The location's name in the store and in commands.
    public var place: String {
        switch self {
        case .sealed: "sealed"
        case .split: "split"
        case .token: "token"
        case .offline: "offline"
        case .destroyed: "destroyed"
        }
    }

    /// Whether a PKCS #11 token holds it.
    public var isOnToken: Bool { if case .token = self { true } else { false } }

    /// What is stored besides ``place``.
    public var octets: [UInt8] {
        switch self {
        case .sealed(let octets), .split(let octets): octets
        case .token(let uri): Array(uri.utf8)
        case .offline, .destroyed: []
        }
    }

    /// Takes back what ``place`` and ``octets`` gave; `nil` for a place that is not known.
    public init?(place: String, octets: [UInt8]) {
        switch place {
        case "sealed": self = .sealed(octets)
        case "split": self = .split(octets)
        case "token": self = .token(uri: String(decoding: octets, as: UTF8.self))
        case "offline": self = .offline
        case "destroyed": self = .destroyed
        default: return nil
        }
    }

    /// Whether the service can sign with it without anybody's help.
    public var isAtHand: Bool {
        switch self {
        case .sealed, .token: true
        case .split, .offline, .destroyed: false
        }
    }
}
