package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// By what a certificate that somebody presents is recognised; nothing about it is believed.
package struct CertificateIdentity: Hashable, Sendable {
    /// SHA-256 over the certificate.
    package let thumbprint: [UInt8]
    package let keyAlgorithm: KeyAlgorithm
    /// SHA-256 over its SubjectPublicKeyInfo.
    package let keyDigest: [UInt8]

    /// Reads exactly one certificate.
    ///
    /// - Parameter der: The certificate.
    /// - Throws: ``EnrollmentError`` with code `certificateRequest` and rule `certificate.malformed` when it cannot be
    ///   read or its key is of a kind that is not accepted.
    package init(der: [UInt8]) throws(EnrollmentError) {
        let certificate: Certificate
        let key: PublicKeyInfo
        do throws(X509Error) {
            certificate = try Certificate(der: der)
            key = try certificate.subjectKey()
        } catch {
            throw EnrollmentError(
                .certificateRequest,
                "A certificate that was presented cannot be read: \(error).",
                rule: "certificate.malformed",
                cause: error
            )
        }
        try self.init(certificate, key: key)
    }

    init(_ certificate: Certificate, key: PublicKeyInfo) throws(EnrollmentError) {
        self.thumbprint = try library("certificate.digest") { () throws(OpenSSLError) in
            try Digest.sha256(certificate.der)
        }
        self.keyDigest = try library("certificate.digest") { () throws(OpenSSLError) in try Digest.sha256(key.der) }
        self.keyAlgorithm = KeyAlgorithm(key.key)
    }
}
