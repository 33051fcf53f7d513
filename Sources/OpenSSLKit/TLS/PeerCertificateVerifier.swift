internal import COpenSSL
internal import Glibc
internal import Synchronization

/// Decides whether a client's certificate chains to one of our issuers.
///
/// Issuers are checked against the anchors once, when the verifier is made, and then trusted themselves: a client's
/// certificate costs one signature check, and a client that sends its leaf alone is as good as one that sends the chain.
public final class PeerCertificateVerifier: Sendable {
    /// Verdicts remembered; a device seldom changes its certificate and often comes back.
    private static let cacheSize = 8192

    private let store: Handle<CertificateStoreObject>
    /// SHA-256 of a verified leaf → the second since 1970 at which the first certificate of its chain expires.
    private let verdicts = Mutex<[[UInt8]: time_t]>([:])

    /// - Parameters:
    ///   - anchors: Self-signed certificates to trust, in DER.
    ///   - issuers: Authorities below them that sign clients' certificates, in DER; expired ones are taken, since what
    ///     they signed is refused by date anyway.
    /// - Throws: ``TLSConfigurationError`` when one cannot be read, is no authority, or does not chain to an anchor.
    public init(anchors: [[UInt8]], issuers: [[UInt8]] = []) throws(TLSConfigurationError) {
        let anchorStore = try Self.makeStore(of: anchors)
        for (position, der) in issuers.enumerated() {
            try Self.checkIssuer(der, at: position, among: issuers, against: anchorStore)
        }
        self.store = try Self.makeStore(of: anchors + issuers)
        X509_STORE_set_flags(self.store.pointer, UInt(copenssl_verify_flags_trust_issuers()))
    }

    /// Judges a certificate whose key somebody else saw proved, such as a proxy that ends TLS before us.
    ///
    /// - Parameter der: The leaf alone, in DER; issuers are known here.
    /// - Returns: What the handshake itself would have found; never `none`.
    /// - Throws: ``OpenSSLError`` when it is no certificate or has octets after it, and when memory runs out.
    public func judge(_ der: [UInt8]) throws(OpenSSLError) -> PeerCertificate {
        try self.verify(try CertificateView(der: der))
    }

    /// Borrowed: the pointer in it would be all that is left of a view that ends before the verification does.
    private func verify(_ certificate: borrowing CertificateView) throws(OpenSSLError) -> PeerCertificate {
        try self.verify(certificate.handle.pointer, chain: nil)
    }

    /// Judges `leaf`, helped by the certificates in `chain` that came with it.
    func verify(_ leaf: OpaquePointer, chain: OpaquePointer?) throws(OpenSSLError) -> PeerCertificate {
        ERR_clear_error()
        let der = try CertificateView.der(of: leaf)
        let digest = try Self.digest(of: leaf)
        let now = time(nil)
        if let expiry = self.verdicts.withLock({ $0[digest] }), now < expiry { return .verified(der) }
        guard copenssl_is_authority(leaf) == 0 else {
            return .unverified(der, reason: "an authority's certificate does not identify a client")
        }
        let verification = try Handle<VerificationObject>(adopting: X509_STORE_CTX_new(), from: "X509_STORE_CTX_new")
        try OpenSSL.check(
            X509_STORE_CTX_init(verification.pointer, self.store.pointer, leaf, chain),
            "X509_STORE_CTX_init"
        )
        try OpenSSL.check(
            X509_STORE_CTX_set_purpose(verification.pointer, X509_PURPOSE_SSL_CLIENT),
            "X509_STORE_CTX_set_purpose"
        )
        guard X509_verify_cert(verification.pointer) == 1 else {
            ERR_clear_error()
            return .unverified(der, reason: Self.reason(verification))
        }
        let expiry = try Self.firstExpiry(verification, now: now)
        self.verdicts.withLock { verdicts in
            // Starting over is cheaper than keeping an order of use, and costs one verification per returning device.
            if verdicts.count >= Self.cacheSize { verdicts.removeAll(keepingCapacity: true) }
            verdicts[digest] = expiry
        }
        return .verified(der)
    }

    private static func checkIssuer(
        _ der: [UInt8],
        at position: Int,
        among issuers: [[UInt8]],
        against anchors: borrowing Handle<CertificateStoreObject>
    ) throws(TLSConfigurationError) {
        let issuer = try CertificateView(der: der, at: position)
        guard issuer.isAuthority else { throw .notAnAuthority(subject: issuer.subject) }
        var reason: String?
        do throws(OpenSSLError) {
            let others = try Handle<CertificateListObject>(adopting: copenssl_chain_new(), from: "sk_X509_new_null")
            for other in issuers {
                let view = try CertificateView(der: other)
                try OpenSSL.check(copenssl_chain_push(others.pointer, view.handle.pointer), "sk_X509_push")
            }
            let verification = try Handle<VerificationObject>(
                adopting: X509_STORE_CTX_new(),
                from: "X509_STORE_CTX_new"
            )
            try OpenSSL.check(
                X509_STORE_CTX_init(verification.pointer, anchors.pointer, issuer.handle.pointer, others.pointer),
                "X509_STORE_CTX_init"
            )
            X509_STORE_CTX_set_flags(verification.pointer, UInt(copenssl_verify_flags_ignore_time()))
            if X509_verify_cert(verification.pointer) != 1 {
                reason = Self.reason(verification)
                ERR_clear_error()
            }
        } catch {
            throw .unreadableCertificate(position: position, error)
        }
        if let reason { throw .untrustedIssuer(subject: issuer.subject, reason: reason) }
    }

    private static func makeStore(
        of certificates: [[UInt8]]
    ) throws(TLSConfigurationError) -> Handle<CertificateStoreObject> {
        let store: Handle<CertificateStoreObject>
        do throws(OpenSSLError) {
            store = try Handle(adopting: X509_STORE_new(), from: "X509_STORE_new")
        } catch {
            throw .refused(error)
        }
        for (position, der) in certificates.enumerated() {
            let view = try CertificateView(der: der, at: position)
            guard view.isAuthority else { throw .notAnAuthority(subject: view.subject) }
            do throws(OpenSSLError) {
                try OpenSSL.check(X509_STORE_add_cert(store.pointer, view.handle.pointer), "X509_STORE_add_cert")
            } catch {
                throw .refused(error)
            }
        }
        return store
    }

    private static func reason(_ verification: borrowing Handle<VerificationObject>) -> String {
        let code = X509_STORE_CTX_get_error(verification.pointer)
        return X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "not verified"
    }

    private static func digest(of certificate: OpaquePointer) throws(OpenSSLError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        try OpenSSL.check(X509_digest(certificate, EVP_sha256(), &digest, &length), "X509_digest")
        return digest
    }

    private static func firstExpiry(
        _ verification: borrowing Handle<VerificationObject>,
        now: time_t
    ) throws(OpenSSLError) -> time_t {
        let chain = X509_STORE_CTX_get0_chain(verification.pointer)
        var left = time_t.max / 2
        for index in 0..<copenssl_chain_count(chain) {
            guard let certificate = copenssl_chain_certificate(chain, index) else { continue }
            var days: CInt = 0
            var seconds: CInt = 0
            try OpenSSL.check(
                ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)),
                "ASN1_TIME_diff"
            )
            left = min(left, time_t(days) * 86_400 + time_t(seconds))
        }
        return now + left
    }
}
