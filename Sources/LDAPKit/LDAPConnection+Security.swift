internal import CLDAP
internal import Glibc

extension LDAPConnection {
    /// Overrides whatever `ldap.conf`, `.ldaprc` and `LDAPTLS_…` in the environment say.
    static func demandCertificate(_ handle: borrowing LDAPHandle, caFile: String) throws(LDAPError) {
        try handle.set(LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
        try handle.use(try TLSContext.shared(caFile: caFile, Self.makeContext))
    }

    private static func makeContext(caFile: String) throws(LDAPError) -> OpaquePointer {
        // Never connected: it only lends its settings.
        let handle = try LDAPHandle(address: "ldap://localhost")
        try handle.set(LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
        try handle.set(LDAP_OPT_X_TLS_CACERTFILE, caFile)
        try handle.set(LDAP_OPT_X_TLS_CACERTDIR, nil)
        var package: UnsafeMutablePointer<CChar>?
        ldap_get_option(nil, LDAP_OPT_X_TLS_PACKAGE, &package)
        defer { ldap_memfree(package) }
        if package.map({ String(cString: $0) }) == "GnuTLS" {
            // libldap ignores the protocol bounds when built on GnuTLS; a priority string is heard.
            try handle.set(LDAP_OPT_X_TLS_CIPHER_SUITE, "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2")
        } else {
            try handle.set(LDAP_OPT_X_TLS_PROTOCOL_MIN, Self.tls12)
        }
        // Options set on a session take effect only with a TLS context of its own.
        try handle.set(LDAP_OPT_X_TLS_NEWCTX, 0)
        var context: OpaquePointer?
        let status = ldap_get_option(handle.pointer, LDAP_OPT_X_TLS_CTX, &context)
        guard status == LDAP_OPT_SUCCESS, let context else { throw handle.failure("connect", .invalidArgument) }
        return context
    }

    /// TLS 1.2 in the numbering of `LDAP_OPT_X_TLS_PROTOCOL_MIN`, a macro that does not import.
    private static let tls12: Int32 = 0x0303

    /// Asks for StartTLS (RFC 4511 § 4.14).
    func askForTLS(before deadline: ContinuousClock.Instant) throws(LDAPError) {
        var identifier: Int32 = 0
        let sent = ldap_start_tls(self.handle.pointer, nil, nil, &identifier)
        guard sent == LDAP_SUCCESS else { throw self.handle.failure("start TLS", LDAPResultCode(rawValue: sent)) }
        let outcome = try self.answer(to: identifier, "start TLS", before: deadline)
            .outcome(on: self.handle.pointer, of: "start TLS")
        guard outcome.code == .success else {
            throw LDAPError("start TLS", outcome.code, diagnostic: outcome.diagnostic)
        }
    }

    /// Performs the handshake and the check of chain and name.
    ///
    /// It serves `ldaps://`, too: the library's own way there ends in a handshake without any time limit, out of reach
    /// because the socket is not known before it is over.
    func installTLS(
        _ operation: String,
        _ endpoint: LDAPEndpoint,
        _ caFile: String,
        before deadline: ContinuousClock.Instant
    ) throws(LDAPError) {
        guard let descriptor = self.handle.descriptor() else { throw self.handle.failure(operation) }
        let watchdog = try SocketWatchdog(descriptor, before: deadline)
        let status = ldap_install_tls(self.handle.pointer)
        guard !watchdog.stop() else { throw LDAPError(operation, .timedOut, diagnostic: "no TLS handshake in time") }
        guard status == LDAP_SUCCESS else {
            throw LDAPError(
                operation,
                .connectError,
                diagnostic:
                    "no TLS with \(endpoint.host): its certificate has to be in date, name this host, and chain "
                    + "to an authority in \(caFile)"
            )
        }
    }

    /// The server's own certificate, DER; `nil` on a connection without TLS.
    public var peerCertificate: [UInt8]? {
        var value = berval()
        guard ldap_get_option(self.handle.pointer, LDAP_OPT_X_TLS_PEERCERT, &value) == LDAP_OPT_SUCCESS,
            let octets = value.bv_val
        else { return nil }
        defer { ldap_memfree(octets) }
        return Array(UnsafeRawBufferPointer(start: octets, count: Int(value.bv_len)))
    }
}
