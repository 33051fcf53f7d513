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

    /// Sets whom to trust at the management server: a device believes whatever leads to a root that it was given.
    ///
    /// - Parameters:
    ///   - authorities: PEM of the only ones; `nil` for ``trustedAuthorities`` and the roots that came with the
    ///     certificate, where the system's are not what counts.
    ///   - identity: The device.
    public mutating func trustManagement(_ authorities: [UInt8]?, for identity: DeviceIdentity) {
        if let authorities {
            self.trustedAuthorities = authorities
        } else if let trusted = self.trustedAuthorities {
            let roots = identity.roots.flatMap { PEM.text("CERTIFICATE", $0).utf8 }
            self.trustedAuthorities = trusted + [UInt8(ascii: "\n")] + roots
        }
    }
}
