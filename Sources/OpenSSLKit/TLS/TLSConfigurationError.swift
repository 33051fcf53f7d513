/// Why a TLS configuration cannot be used.
///
/// It names certificates by subject and never shows key material.
public enum TLSConfigurationError: Error, Hashable, Sendable {
    /// A server needs at least one certificate with its key.
    case noIdentity
    /// The file or octets hold no certificate at all.
    case noCertificate
    /// The certificate at this position of the chain, leaf first, cannot be decoded.
    case unreadableCertificate(position: Int, OpenSSLError)
    /// The private key is neither PKCS #8 in DER nor an unencrypted PEM block.
    case unreadableKey(OpenSSLError)
    /// The private key is encrypted; this service takes plain octets that its caller has unsealed.
    case encryptedKey
    /// The key is not the one that the certificate with this subject certifies.
    case keyDoesNotMatch(subject: String)
    /// A certificate to verify clients with is not a certificate authority's.
    case notAnAuthority(subject: String)
    /// An issuer does not chain to any of the trust anchors given with it.
    case untrustedIssuer(subject: String, reason: String)
    /// OpenSSL refused an otherwise readable part, for instance a key that is too short.
    case refused(OpenSSLError)
}

extension TLSConfigurationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noIdentity:
            "a TLS server needs a certificate and its private key"
        case .noCertificate:
            "there is no certificate in what was given as one"
        case .unreadableCertificate(let position, let error):
            "certificate \(position + 1) of the chain cannot be read (\(error))"
        case .unreadableKey(let error):
            "the private key cannot be read; PKCS #8 in PEM or DER is expected (\(error))"
        case .encryptedKey:
            "the private key is encrypted; give it unencrypted, with a file mode that keeps others out"
        case .keyDoesNotMatch(let subject):
            "the private key does not belong to the certificate of \(subject)"
        case .notAnAuthority(let subject):
            "\(subject) is not a certificate authority and cannot vouch for clients"
        case .untrustedIssuer(let subject, let reason):
            "the issuer \(subject) does not chain to a configured trust anchor (\(reason))"
        case .refused(let error):
            "the TLS configuration was refused (\(error))"
        }
    }
}
