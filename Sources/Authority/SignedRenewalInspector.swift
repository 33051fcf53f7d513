package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Judges renewal requests: a PKCS #10 request for the new key, signed by the key of a certificate (CMS SignedData).
///
/// The certificate is taken as it comes; whether this authority issued it and whether it still counts is for whoever
/// looks its thumbprint up. Rules of refusals:
///
/// | Rule | Code | Meaning |
/// |---|---|---|
/// | `renewal.too-long` | certificateRequest | more than 32 768 octets; not read at all |
/// | `renewal.message` | certificateRequest | not DER, not a SignedData, or without what its content needs |
/// | `renewal.algorithm` | certificateRequest | an algorithm that is not accepted; SHA-1 is named |
/// | `renewal.signers` | notEligibleToRenew | none, or more than may be |
/// | `renewal.signer-certificate` | notEligibleToRenew | it did not come with the message, or the request names another |
/// | `renewal.signature` | notEligibleToRenew | it does not verify, or the content's digest or type differs |
/// | `renewal.inner-request` | certificateRequest | the content is no request, or its attributes are not |
/// | `renewal.inner-request.unsigned` | certificateRequest | nothing proves that the device holds the new key |
/// | `request.…`, `key.…` | certificateRequest | as ``CertificationRequestInspector`` judges the request inside |
package struct SignedRenewalInspector: RenewalInspector {
    /// Octets; a message around a request of the largest size, with two certificates, stays below.
    private static let maximumLength = 32_768

    private let requests = CertificationRequestInspector()

    package init() {}

    package func inspect(_ signedRequest: [UInt8]) throws(EnrollmentError) -> SignedRenewal {
        guard signedRequest.count <= Self.maximumLength else {
            throw EnrollmentError(
                .certificateRequest,
                "The renewal request has \(signedRequest.count) octets; \(Self.maximumLength) are taken.",
                rule: "renewal.too-long"
            )
        }
        let message: SignedData
        do throws(X509Error) {
            message = try SignedData(der: signedRequest)
        } catch {
            throw Self.malformed(error)
        }
        let signers = try RenewalSigners(of: message)
        try signers.holder.verify(message)
        // From here on nothing is read but what that key signed.
        let request = try self.requests.read(try self.certificationRequest(in: message))
        let proven = try self.requests.judge(request)
        if let newKey = signers.newKey {
            try RenewalSigner(info: newKey, key: request.publicKeyInfo).verify(message)
        }
        try self.checkClaims(of: request, signers)
        let identity = try CertificateIdentity(signers.certificate, key: signers.holder.key)
        return SignedRenewal(
            certificate: signers.certificate.der,
            thumbprint: identity.thumbprint,
            keyAlgorithm: identity.keyAlgorithm,
            keyDigest: identity.keyDigest,
            request: proven
        )
    }

    private func certificationRequest(in message: SignedData) throws(EnrollmentError) -> [UInt8] {
        let request: [UInt8]
        switch message.contentType {
        case .data:
            request = message.content
        case .pkiData:
            do throws(X509Error) {
                request = try PKIData(der: message.content).certificationRequest
            } catch {
                throw Self.innerRefusal("The CMC request that is to be renewed by cannot be read: \(error).", error)
            }
        case .other(let identifier):
            throw Self.innerRefusal("The renewal request holds content of type \(identifier), which is no request.")
        }
        guard !CertificationRequest.isUnsigned(der: request) else {
            throw EnrollmentError(
                .certificateRequest,
                "The request for the new key is not signed by it. The signature of the old key does not prove that the "
                    + "device holds the new one.",
                rule: "renewal.inner-request.unsigned"
            )
        }
        return request
    }

    /// Compares the certificate that the request says it renews with the signer's.
    private func checkClaims(
        of request: CertificationRequest,
        _ signers: RenewalSigners
    ) throws(EnrollmentError) {
        let named: [UInt8]?
        do throws(X509Error) {
            named = try request.renewalCertificate()
        } catch {
            throw Self.innerRefusal("The attributes of the request for the new key cannot be read: \(error).", error)
        }
        let claims = [named, signers.holder.info.signedAttributes?.renewalCertificate].compactMap { $0 }
        guard claims.allSatisfy({ $0 == signers.certificate.der }) else {
            throw RenewalSigners.certificateRefusal("The request renews another certificate than its signer's.")
        }
    }

    static func malformed(_ error: X509Error) -> EnrollmentError {
        EnrollmentError(
            .certificateRequest,
            "The renewal request cannot be read: \(error).",
            rule: "renewal.message",
            cause: error
        )
    }

    private static func innerRefusal(_ detail: String, _ cause: X509Error? = nil) -> EnrollmentError {
        EnrollmentError(.certificateRequest, detail, rule: "renewal.inner-request", cause: cause)
    }
}
