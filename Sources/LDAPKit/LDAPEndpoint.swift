/// One directory server and how to speak to it.
public struct LDAPEndpoint: Hashable, Sendable {
    /// How the connection is protected.
    public enum Security: Hashable, Sendable {
        /// TLS from the first octet (`ldaps://`). The file holds the trust anchors in PEM.
        case tls(caFile: String)
        /// TLS by the StartTLS operation (RFC 4511 § 4.14) before anything else is sent (`ldap://`).
        case startTLS(caFile: String)
        /// No protection: passwords cross the network for everyone on it to read.
        case plaintextPasswords
    }

    public let host: String
    public let port: UInt16
    public let security: Security
    /// The longest wait for the transport connection and for each step of the TLS handshake.
    public let connectTimeout: Duration

    /// Reads `ldap://host[:port]` or `ldaps://host[:port]`; an IPv6 address stands in brackets.
    ///
    /// - Throws: ``LDAPError`` with ``LDAPResultCode/invalidArgument`` when the address is not of that form, or its scheme
    ///   contradicts `security`.
    public init(_ address: String, security: Security, connectTimeout: Duration) throws(LDAPError) {
        let scheme: String
        let standardPort: UInt16
        switch security {
        case .tls: (scheme, standardPort) = ("ldaps://", 636)
        case .startTLS, .plaintextPasswords: (scheme, standardPort) = ("ldap://", 389)
        }
        guard address.lowercased().hasPrefix(scheme) else {
            throw Self.refused(address, "it has to begin with \(scheme) for the security chosen")
        }
        var authority = address.dropFirst(scheme.count)
        if authority.hasSuffix("/") { authority.removeLast() }
        let colon = authority.lastIndex(of: ":")
        let isPort = colon.map { !authority[$0...].contains("]") } ?? false
        let host = isPort ? authority[..<(colon ?? authority.endIndex)] : authority
        guard let port = isPort ? colon.flatMap({ UInt16(authority[$0...].dropFirst()) }) : standardPort, port != 0
        else {
            throw Self.refused(address, "its port is not a number from 1 to 65535")
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard !host.isEmpty, host.utf8.count <= 255, isBracketed || !host.contains(":"),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.delimiters.contains($0) })
        else { throw Self.refused(address, "it names no host") }
        self.host = String(host)
        self.port = port
        self.security = security
        self.connectTimeout = connectTimeout
    }

    /// The address in full, port included.
    public var address: String {
        if case .tls = self.security { "ldaps://\(self.host):\(self.port)" } else { "ldap://\(self.host):\(self.port)" }
    }

    /// Characters that end a host name in a URL.
    private static let delimiters = Set("/?#@%,\\\"<>".utf8)

    private static func refused(_ address: String, _ reason: String) -> LDAPError {
        LDAPError("address", .invalidArgument, diagnostic: "\"\(address)\" is not usable: \(reason)")
    }
}
