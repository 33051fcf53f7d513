internal import OpenSSLKit

/// What of a certificate is worth showing.
public struct CertificateFacts: Hashable, Sendable {
    public let subject: String
    /// Upper-case hexadecimal.
    public let serialNumber: String
    /// SHA-1, upper-case hexadecimal: the name Windows gives the certificate.
    public let thumbprint: String
    /// SHA-256, lower-case hexadecimal: the name Gatehouse gives it.
    public let sha256: String
    /// Seconds since 1970.
    public let notBefore: Int64
    /// Seconds since 1970, still within.
    public let notAfter: Int64

    init(_ certificate: IssuedCertificate) throws(SimulationFailure) {
        self.subject = certificate.subject.text
        self.serialNumber = Hexadecimal.upper(certificate.serialNumber)
        self.notBefore = certificate.validity.lowerBound
        self.notAfter = certificate.validity.upperBound
        do throws(OpenSSLError) {
            self.thumbprint = Hexadecimal.upper(try Digest.sha1(certificate.der))
            self.sha256 = Hexadecimal.upper(try Digest.sha256(certificate.der)).lowercased()
        } catch {
            throw .local("the certificate cannot be digested: \(error)")
        }
    }
}
