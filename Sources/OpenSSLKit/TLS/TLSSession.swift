internal import COpenSSL

/// One TLS connection without a socket: ciphertext in, plaintext out, and back.
///
/// The owner moves octets between this and the network; nothing here waits. Use it from one thread at a time. After
/// every call that may have produced ciphertext, and after a failure too (it leaves an alert), take the output.
public final class TLSSession {
    /// What ``read(into:)`` came back with.
    public enum Reading: Hashable, Sendable {
        case octets(Int)
        /// Nothing more until further ciphertext arrives.
        case starved
        /// The other side said that it will send no more (close_notify).
        case closed
    }

    private let session: Handle<TLSSessionObject>
    /// Ciphertext from and to the network; owned by `session`.
    private let arriving: OpaquePointer
    private let leaving: OpaquePointer
    private let server: TLSContext?

    /// A server's side of a new connection.
    ///
    /// - Throws: ``OpenSSLError`` when memory runs out.
    public convenience init(server context: TLSContext) throws(OpenSSLError) {
        try self.init(context.main.handle.pointer, server: context)
        SSL_set_accept_state(self.session.pointer)
    }

    /// A client's side of a new connection to the server called `name`, which its certificate has to hold.
    ///
    /// - Throws: ``OpenSSLError`` when the name cannot be one or memory runs out.
    public convenience init(client context: TLSClientContext, serverName name: String) throws(OpenSSLError) {
        try self.init(context.handle.pointer, server: nil)
        try OpenSSL.check(copenssl_tls_set_server_name(self.session.pointer, name), "SSL_set_tlsext_host_name")
        try OpenSSL.check(SSL_set1_host(self.session.pointer, name), "SSL_set1_host")
        SSL_set_connect_state(self.session.pointer)
    }

    private init(_ context: OpaquePointer, server: TLSContext?) throws(OpenSSLError) {
        ERR_clear_error()
        self.session = try Handle(adopting: SSL_new(context), from: "SSL_new")
        let arriving = try Handle<MemoryStreamObject>(adopting: BIO_new(BIO_s_mem()), from: "BIO_new")
        let leaving = try Handle<MemoryStreamObject>(adopting: BIO_new(BIO_s_mem()), from: "BIO_new")
        self.arriving = arriving.relinquish()
        self.leaving = leaving.relinquish()
        SSL_set_bio(self.session.pointer, self.arriving, self.leaving)
        self.server = server
    }

    /// Takes in what came from the network, of any size and cut anywhere.
    public func receive(_ ciphertext: RawSpan) throws(OpenSSLError) {
        guard !ciphertext.isEmpty else { return }
        ERR_clear_error()
        let written = ciphertext.withUnsafeBytes { BIO_write(self.arriving, $0.baseAddress, CInt($0.count)) }
        try OpenSSL.check(written, "BIO_write")
    }

    /// Goes on with the handshake as far as the ciphertext at hand allows.
    ///
    /// - Returns: Whether the handshake is complete.
    /// - Throws: ``OpenSSLError`` when it failed for good; the output then holds the alert that says so.
    public func handshake() throws(OpenSSLError) -> Bool {
        ERR_clear_error()
        let status = SSL_do_handshake(self.session.pointer)
        if status == 1 { return true }
        guard SSL_get_error(self.session.pointer, status) == SSL_ERROR_WANT_READ else {
            throw OpenSSLError(during: "SSL_do_handshake")
        }
        return false
    }

    /// Decrypts into the front of `plaintext`; call again until it is starved.
    public func read(into plaintext: inout MutableRawSpan) throws(OpenSSLError) -> Reading {
        ERR_clear_error()
        var count = 0
        let status = plaintext.withUnsafeMutableBytes { octets in
            SSL_read_ex(self.session.pointer, octets.baseAddress, octets.count, &count)
        }
        if status == 1 { return .octets(count) }
        switch SSL_get_error(self.session.pointer, status) {
        case SSL_ERROR_WANT_READ: return .starved
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: throw OpenSSLError(during: "SSL_read_ex")
        }
    }

    /// Encrypts all of `plaintext`.
    public func write(_ plaintext: RawSpan) throws(OpenSSLError) {
        guard !plaintext.isEmpty else { return }
        ERR_clear_error()
        var count = 0
        let status = plaintext.withUnsafeBytes { octets in
            SSL_write_ex(self.session.pointer, octets.baseAddress, octets.count, &count)
        }
        try OpenSSL.check(status, "SSL_write_ex")
    }

    /// Tells the other side that nothing more will be sent (close_notify, RFC 8446 § 6.1); reading goes on.
    public func finishWriting() {
        ERR_clear_error()
        // Before the handshake is through there is nothing to finish, and OpenSSL would only record an error.
        guard SSL_is_init_finished(self.session.pointer) == 1 else { return }
        SSL_shutdown(self.session.pointer)
        ERR_clear_error()
    }

    /// Ciphertext waiting to be sent, in octets.
    public var outputCount: Int { Int(copenssl_bio_pending(self.leaving)) }

    /// Moves ciphertext into the front of `ciphertext`.
    ///
    /// - Returns: The number of octets moved; 0 when there are none.
    public func takeOutput(into ciphertext: inout MutableRawSpan) -> Int {
        let count = ciphertext.withUnsafeMutableBytes { BIO_read(self.leaving, $0.baseAddress, CInt($0.count)) }
        return max(0, Int(count))
    }

    /// What the client showed, judged by the context's verifier; ask once the handshake is complete.
    ///
    /// A resumed session brings its certificate along inside the ticket, and it is judged anew.
    public func judgePeerCertificate() throws(OpenSSLError) -> PeerCertificate {
        guard let verifier = self.server?.clientVerifier,
            let leaf = SSL_get0_peer_certificate(self.session.pointer)
        else { return .none }
        return try verifier.verify(leaf, chain: SSL_get_peer_cert_chain(self.session.pointer))
    }

    /// Whether the handshake took up an earlier session.
    public var isResumed: Bool { SSL_session_reused(self.session.pointer) == 1 }

    /// The version agreed on, as in `TLSv1.3`.
    public var version: String { String(cString: SSL_get_version(self.session.pointer)) }

    /// The suite agreed on, by OpenSSL's name for it.
    public var suite: String {
        SSL_CIPHER_get_name(SSL_get_current_cipher(self.session.pointer)).map { String(cString: $0) } ?? "none"
    }

    /// The host name that the client asked for.
    public var serverName: String? {
        SSL_get_servername(self.session.pointer, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }
}
