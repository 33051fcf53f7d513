package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Judges PKCS #10 requests: form, proof of possession, key quality.
package struct CertificationRequestInspector: RequestInspector {
    /// Octets; a request with an RSA-4096 key and attestation attributes stays well below.
    private static let maximumLength = 16_384

    package init() {}

    package func inspect(_ certificateRequest: [UInt8]) throws(EnrollmentError) -> ProvenRequest {
        try self.judge(try self.read(certificateRequest))
    }

    /// Reads a request of acceptable length; nothing of it is believed yet.
    func read(_ certificateRequest: [UInt8]) throws(EnrollmentError) -> CertificationRequest {
        guard certificateRequest.count <= Self.maximumLength else {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request has \(certificateRequest.count) octets; \(Self.maximumLength) are taken.",
                rule: "request.too-long"
            )
        }
        do throws(X509Error) {
            return try CertificationRequest(der: certificateRequest)
        } catch {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request cannot be read: \(error).",
                rule: "request.malformed",
                cause: error
            )
        }
    }

    /// Judges the key and the proof of possession.
    func judge(_ request: CertificationRequest) throws(EnrollmentError) -> ProvenRequest {
        // Before the signature: checking with a giant key would be a favor to whoever sent it.
        try KeyQuality.judge(request.publicKeyInfo.key)
        guard try self.provesPossession(request) else {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request's signature is not by its own key.",
                rule: "request.proof-of-possession"
            )
        }
        return ProvenRequest(
            publicKeyInfo: request.publicKeyInfo.der,
            algorithm: KeyAlgorithm(request.publicKeyInfo.key),
            protection: KeyProtection(providerName: request.providerName)
        )
    }

    private func provesPossession(_ request: CertificationRequest) throws(EnrollmentError) -> Bool {
        guard request.scheme.fits(request.publicKeyInfo.key) else { return false }
        do throws(OpenSSLError) {
            let key = try VerifyingKey(request.publicKeyInfo.key)
            return try key.verifies(request.signature, over: request.info, with: SignatureAlgorithm(request.scheme))
        } catch {
            throw EnrollmentError(
                .certificateRequest,
                "The certificate request's public key is not a valid one: \(error).",
                rule: "key.invalid",
                cause: error
            )
        }
    }
}
