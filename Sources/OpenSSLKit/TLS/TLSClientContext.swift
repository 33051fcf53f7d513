internal import COpenSSL

/// A client's side of TLS, under the same rules as ``TLSContext``.
public final class TLSClientContext: Sendable {
    let handle: Handle<TLSContextObject>

    /// - Parameters:
    ///   - anchors: Certificates to trust servers by, in DER.
    ///   - identity: Shown to a server that asks; `nil` shows none.
    /// - Throws: ``TLSConfigurationError`` when a part cannot be read or is refused.
    public convenience init(trusting anchors: [[UInt8]], identity: TLSIdentity? = nil) throws(TLSConfigurationError) {
        try self.init(trusting: anchors, identity: identity, groups: TLSContext.groups)
    }

    /// As above, with groups for the key exchange that are to be offered, by OpenSSL's names and separated by colons.
    package init(
        trusting anchors: [[UInt8]],
        identity: TLSIdentity? = nil,
        groups: String
    ) throws(TLSConfigurationError) {
        do throws(OpenSSLError) {
            self.handle = try TLSContext.makeContext(TLS_client_method(), groups: groups)
            copenssl_tls_set_client_options(self.handle.pointer)
            SSL_CTX_set_verify(self.handle.pointer, SSL_VERIFY_PEER, nil)
            try identity?.install(in: self.handle)
        } catch {
            throw .refused(error)
        }
        for (position, der) in anchors.enumerated() {
            let certificate = try CertificateView(der: der, at: position)
            let store = SSL_CTX_get_cert_store(self.handle.pointer)
            guard X509_STORE_add_cert(store, certificate.handle.pointer) == 1 else {
                throw .refused(OpenSSLError(during: "X509_STORE_add_cert"))
            }
        }
    }
}
