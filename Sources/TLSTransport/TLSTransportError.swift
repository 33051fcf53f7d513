/// Why a connection ended before or beside its protocol.
package enum TLSTransportError: Error, Hashable, Sendable {
    /// The client did not finish its handshake in the time it had.
    case handshakeTimedOut
    /// The handshake came to nothing; the alert went out. Typically a client that offers only old versions or suites.
    case handshakeFailed(String)
    /// Octets that no honest peer sends, after the handshake.
    case corrupt(String)
}

extension TLSTransportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .handshakeTimedOut: "the TLS handshake took too long"
        case .handshakeFailed(let reason): "the TLS handshake failed (\(reason))"
        case .corrupt(let reason): "the TLS connection is broken (\(reason))"
        }
    }
}
