import X509Kit

/// Reads everything that can be read of octets, as far as it goes.
enum HostileReading {
    /// Whether octets are a signed message with a signer that can be read; what matters is that it says so.
    static func isRead(_ octets: [UInt8]) -> Bool {
        do throws(X509Error) {
            let message = try SignedData(der: octets)
            for der in message.certificates { _ = try Certificate(der: der).subjectKey() }
            for der in message.signers {
                let signer = try SignerInfo(der: der)
                _ = try signer.algorithm()
                _ = signer.signedAttributes?.signedOctets
            }
            var request = message.content
            if message.contentType == .pkiData { request = try PKIData(der: request).certificationRequest }
            _ = CertificationRequest.isUnsigned(der: request)
            let read = try CertificationRequest(der: request)
            _ = read.providerName
            _ = try read.renewalCertificate()
            return true
        } catch {
            return false
        }
    }
}
