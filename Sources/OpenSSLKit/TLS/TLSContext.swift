internal import COpenSSL

/// A server's side of TLS, ready to make sessions: immutable, shared by every connection and event loop.
///
/// TLS 1.2 and 1.3; forward-secret AEAD suites only; no renegotiation, no compression, no early data; ALPN `http/1.1`.
public final class TLSContext: Sendable {
    /// Ordered by cost: every machine this runs on has AES instructions, and a client without them says so by its order.
    private static let suites12 = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    private static let suites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    static let groups = "X25519:P-256:P-384"

    /// Tickets are bound to this and to the server; a ticket of another service on the same keys is not honored.
    private static let sessionContext = Array("gatehouse".utf8)

    let main: TLSContextBox
    let clientVerifier: PeerCertificateVerifier?
    // OpenSSL holds both of these by bare pointers, for as long as a session of ours can call back.
    private let names: ServerNameTable
    private let ticketKeys: TLSTicketKeys?

    /// - Throws: ``TLSConfigurationError`` when there is no identity or OpenSSL refuses one, say for a short key.
    public init(server configuration: TLSServerConfiguration) throws(TLSConfigurationError) {
        var entries: [(names: [String], context: TLSContextBox)] = []
        for identity in configuration.identities {
            let context: TLSContextBox
            do throws(OpenSSLError) {
                context = TLSContextBox(try Self.makeContext(for: identity, configuration))
            } catch {
                throw .refused(error)
            }
            entries.append((identity.serverNames, context))
        }
        guard let main = entries.first?.context else { throw .noIdentity }
        self.main = main
        self.clientVerifier = configuration.clientVerifier
        self.ticketKeys = configuration.ticketKeys
        self.names = ServerNameTable(entries)
        copenssl_tls_set_server_name_callback(
            main.handle.pointer,
            { session, _, argument in
                guard let session, let argument,
                    let name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
                else { return SSL_TLSEXT_ERR_NOACK }
                Unmanaged<ServerNameTable>.fromOpaque(argument).takeUnretainedValue()
                    .choose(for: session, name: String(cString: name))
                return SSL_TLSEXT_ERR_OK
            },
            Unmanaged.passUnretained(self.names).toOpaque()
        )
    }

    private static func makeContext(
        for identity: TLSIdentity,
        _ configuration: TLSServerConfiguration
    ) throws(OpenSSLError) -> Handle<TLSContextObject> {
        let context = try Self.makeContext(TLS_server_method())
        copenssl_tls_set_server_options(context.pointer)
        try identity.install(in: context)
        Self.answerApplicationProtocol(context)
        Self.askForCertificate(context, configuration.clientVerifier != nil)
        try Self.sealTickets(context, with: configuration.ticketKeys)
        return context
    }

    /// What server and client have in common.
    static func makeContext(
        _ method: OpaquePointer?,
        groups: String = TLSContext.groups
    ) throws(OpenSSLError) -> Handle<TLSContextObject> {
        ERR_clear_error()
        let context = try Handle<TLSContextObject>(adopting: SSL_CTX_new(method), from: "SSL_CTX_new")
        try OpenSSL.check(copenssl_tls_set_versions(context.pointer), "SSL_CTX_set_min_proto_version")
        try OpenSSL.check(SSL_CTX_set_cipher_list(context.pointer, Self.suites12), "SSL_CTX_set_cipher_list")
        try OpenSSL.check(SSL_CTX_set_ciphersuites(context.pointer, Self.suites13), "SSL_CTX_set_ciphersuites")
        try OpenSSL.check(copenssl_tls_set_groups(context.pointer, groups), "SSL_CTX_set1_groups_list")
        copenssl_tls_set_mode(context.pointer)
        copenssl_tls_disable_session_cache(context.pointer)
        return context
    }

    private static func answerApplicationProtocol(_ context: borrowing Handle<TLSContextObject>) {
        SSL_CTX_set_alpn_select_cb(
            context.pointer,
            { _, chosen, chosenLength, offered, offeredLength, _ in
                // Each offer is one octet of length and the name (RFC 7301 § 3.1); OpenSSL has checked the framing.
                var position = 0
                while let offered, let chosen, let chosenLength, position < Int(offeredLength) {
                    let length = Int(offered[position])
                    let name = UnsafeBufferPointer(start: offered + position + 1, count: length)
                    if name.elementsEqual("http/1.1".utf8) {
                        chosen.pointee = name.baseAddress
                        chosenLength.pointee = UInt8(length)
                        return SSL_TLSEXT_ERR_OK
                    }
                    position += 1 + length
                }
                return SSL_TLSEXT_ERR_ALERT_FATAL
            },
            nil
        )
    }

    /// Asks for a certificate without insisting, and lets every certificate pass whose key signed the handshake.
    ///
    /// A handshake that fails leaves the client without a word of explanation; a request can be answered with one.
    private static func askForCertificate(_ context: borrowing Handle<TLSContextObject>, _ asks: Bool) {
        guard asks else { return SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil) }
        SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        SSL_CTX_set_cert_verify_callback(context.pointer, { _, _ in 1 }, nil)
    }

    private static func sealTickets(
        _ context: borrowing Handle<TLSContextObject>,
        with keys: TLSTicketKeys?
    ) throws(OpenSSLError) {
        try OpenSSL.check(
            SSL_CTX_set_session_id_context(context.pointer, Self.sessionContext, UInt32(Self.sessionContext.count)),
            "SSL_CTX_set_session_id_context"
        )
        guard let keys else {
            copenssl_tls_disable_tickets(context.pointer)
            try OpenSSL.check(SSL_CTX_set_num_tickets(context.pointer, 0), "SSL_CTX_set_num_tickets")
            return
        }
        // OpenSSL's default of two costs a second encryption in each handshake, for clients that open connections in pairs.
        try OpenSSL.check(SSL_CTX_set_num_tickets(context.pointer, 1), "SSL_CTX_set_num_tickets")
        SSL_CTX_set_timeout(context.pointer, keys.lifetime)
        copenssl_tls_set_application_data(context.pointer, Unmanaged.passUnretained(keys).toOpaque())
        try OpenSSL.check(
            SSL_CTX_set_tlsext_ticket_key_evp_cb(context.pointer) { session, name, vector, cipher, mac, isSealing in
                guard let session, let name, let vector, let cipher, let mac,
                    let data = copenssl_tls_application_data(SSL_get_SSL_CTX(session))
                else { return -1 }
                let keys = Unmanaged<TLSTicketKeys>.fromOpaque(data).takeUnretainedValue()
                return isSealing == 1
                    ? keys.seal(name: name, vector: vector, cipher: cipher, mac: mac)
                    : keys.open(name: name, vector: vector, cipher: cipher, mac: mac)
            },
            "SSL_CTX_set_tlsext_ticket_key_evp_cb"
        )
    }
}

extension TLSIdentity {
    /// Makes `context` show this chain and prove it with this key.
    func install(in context: borrowing Handle<TLSContextObject>) throws(OpenSSLError) {
        for (position, der) in self.certificates.enumerated() {
            let certificate = try CertificateView(der: der)
            if position == 0 {
                try OpenSSL.check(
                    SSL_CTX_use_certificate(context.pointer, certificate.handle.pointer),
                    "SSL_CTX_use_certificate"
                )
            } else {
                try OpenSSL.check(
                    copenssl_tls_add_chain_certificate(context.pointer, certificate.handle.pointer),
                    "SSL_CTX_add1_chain_cert"
                )
            }
        }
        try OpenSSL.check(SSL_CTX_use_PrivateKey(context.pointer, self.key.pointer), "SSL_CTX_use_PrivateKey")
    }
}
