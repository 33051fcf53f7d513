internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// OCSP requests as most clients write them: one certificate, SHA-1 of its issuer, no nonce.
struct OCSPQuestions {
    private let nameHash: [UInt8]
    private let keyHash: [UInt8]

    /// - Parameter issuer: DER of the certificate whose certificates are asked about.
    /// - Throws: When it is no certificate.
    init(issuer: [UInt8]) throws {
        let certificate = try Certificate(der: issuer)
        self.nameHash = try Digest.sha1(certificate.subject)
        self.keyHash = try Digest.sha1(try certificate.subjectKey().keyBits)
    }

    /// The request (RFC 6960 § 4.1.1), DER.
    func question(about serialNumber: SerialNumber) -> [UInt8] {
        let identifier = OCSPCertificateID(
            hash: .sha1,
            issuerNameHash: self.nameHash,
            issuerKeyHash: self.keyHash,
            serialNumber: serialNumber.octets
        )
        return (0..<4).reduce(identifier.der) { inner, _ in DER.value(DER.sequence, inner) }
    }
}
