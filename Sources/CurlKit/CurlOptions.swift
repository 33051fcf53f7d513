/// How a session connects: the same for all its requests.
public struct CurlOptions: Sendable {
    /// What becomes of a connection once its answer is in.
    public enum Connections: Hashable, Sendable {
        /// It stays open for the session's next request to the same server.
        case keptAlive
        /// Each request opens its own, with a full handshake, and closes it.
        case newPerRequest
    }

    /// The lowest version of TLS that is spoken.
    public enum TLSVersion: Hashable, Sendable {
        case tls12
        case tls13
    }

    /// A certificate to present when the server asks for one.
    ///
    /// The private key is shown nowhere: describing or dumping this value gives a placeholder.
    public struct ClientCertificate: Sendable {
        let certificates: [UInt8]
        let privateKey: SecretBlob

        /// - Parameters:
        ///   - certificates: PEM, the leaf first, then what leads to its authority.
        ///   - privateKey: PEM of the leaf's key, not encrypted. One copy is made, for all sessions, and wiped with the
        ///     last of them.
        public init(certificates: [UInt8], privateKey: [UInt8]) {
            self.certificates = certificates
            self.privateKey = SecretBlob(privateKey)
        }
    }

    /// Time to have a connection, TLS included, in milliseconds.
    public var connectTimeout = 10_000
    /// Time for the whole request, in milliseconds.
    public var timeout = 30_000
    /// The largest body that is taken, in octets.
    public var maximumResponseSize = 1 << 20
    /// What becomes of an answer with a larger body: it is an error, or it ends there.
    ///
    /// Whoever only wants to know the status has no use for the rest; its connection is closed.
    public var cutsLargeResponses = false
    /// A file that bodies are written to instead of being kept in memory, for one request after the other.
    ///
    /// Whoever opened it closes it, once no request runs any more. An answer with any status is written there.
    public var bodyDescriptor: Int32?
    /// Which addresses may be connected to; `nil` for any.
    ///
    /// With a proxy, it is the proxy's address that is meant.
    public var addressGuard: AddressGuard?
    /// PEM of the only authorities a server's certificate may lead to; `nil` trusts those of the system.
    public var trustedAuthorities: [UInt8]?
    /// Whether the server's certificate and name are checked at all.
    public var verifiesServer = true
    public var minimumTLSVersion = TLSVersion.tls12
    public var clientCertificate: ClientCertificate?
    /// The address of a proxy.
    ///
    /// `nil` uses none, whatever the environment says.
    public var proxy: String?
    /// Addresses to use instead of asking the resolver, as `host:port:address`.
    public var resolve: [String] = []
    public var connections = Connections.keptAlive

    public init() {}
}

extension CurlOptions.ClientCertificate: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<client certificate>" }
    public var debugDescription: String { self.description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
