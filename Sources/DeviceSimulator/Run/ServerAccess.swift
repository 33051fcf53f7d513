/// How a device reaches its server.
public struct ServerAccess: Sendable {
    /// PEM of the only authorities that the server's certificate may lead to; `nil` trusts those of the system.
    public var trustedAuthorities: [UInt8]?
    /// Whether the server's certificate is checked at all; a device always does.
    public var verifiesServer = true
    /// Addresses to use instead of asking the resolver, as `host:port:address`.
    public var resolve: [String] = []
    public var proxy: String?
    /// Time for one request, in milliseconds.
    public var timeout = 30_000
    public var userAgent = DeviceProfile.windows11.userAgent

    public init() {}
}
