internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// A signer of a renewal request, with the key that has to have signed.
struct RenewalSigner {
    let info: SignerInfo
    let key: PublicKeyInfo

    /// Checks that the key signed the message's content, as what it is said to be (RFC 5652 § 5.4 and § 5.6).
    ///
    /// - Throws: ``EnrollmentError``: `certificateRequest` with rule `renewal.algorithm` or `renewal.message`,
    ///   `notEligibleToRenew` with rule `renewal.signature`.
    func verify(_ message: SignedData) throws(EnrollmentError) {
        let algorithm: SignerAlgorithm
        do throws(X509Error) {
            algorithm = try self.info.algorithm()
        } catch {
            throw EnrollmentError(
                .certificateRequest,
                "The renewal request is signed in a way that is not accepted: \(error).",
                rule: "renewal.algorithm",
                cause: error
            )
        }
        guard algorithm.scheme.fits(self.key.key) else {
            throw Self.refusal("The signature does not go with the signer's key.")
        }
        guard !KeyQuality.isCostly(self.key.key) else {
            throw Self.refusal("The signer's key is larger than any that is certified here.")
        }
        let signed = try self.signedOctets(of: message, digest: algorithm.digest)
        guard try self.isSignature(over: signed, with: SignatureAlgorithm(algorithm.scheme)) else {
            throw Self.refusal("The signature is not by the key of its signer.")
        }
    }

    private func signedOctets(
        of message: SignedData,
        digest: MessageDigest
    ) throws(EnrollmentError) -> [UInt8] {
        guard let attributes = self.info.signedAttributes else {
            // Without them nothing signed says what the content is, and octets signed for one purpose serve another.
            guard message.contentType == .data else {
                throw EnrollmentError(
                    .certificateRequest,
                    "The renewal request's signature covers no attributes, which its type of content needs.",
                    rule: "renewal.message"
                )
            }
            return message.digestedContent
        }
        guard attributes.contentType == message.contentType else {
            throw Self.refusal("The signature is about content of another type.")
        }
        let computed = try library("renewal.digest") { () throws(OpenSSLError) in
            try Digest.octets(of: message.digestedContent, with: SignatureAlgorithm.Digest(digest))
        }
        guard computed == attributes.messageDigest else {
            throw Self.refusal("The content is not what was signed: its digest differs.")
        }
        return attributes.signedOctets
    }

    private func isSignature(over octets: [UInt8], with algorithm: SignatureAlgorithm) throws(EnrollmentError) -> Bool {
        do throws(OpenSSLError) {
            return try VerifyingKey(self.key.key).verifies(self.info.signature, over: octets, with: algorithm)
        } catch {
            throw EnrollmentError(
                .notEligibleToRenew,
                "The public key of the renewal request's signer is not a valid one: \(error).",
                rule: "renewal.signature",
                cause: error
            )
        }
    }

    private static func refusal(_ what: String) -> EnrollmentError {
        EnrollmentError(
            .notEligibleToRenew,
            "The renewal request proves nothing. \(what) The device has to sign with the key of its certificate.",
            rule: "renewal.signature"
        )
    }
}

extension SignatureAlgorithm.Digest {
    fileprivate init(_ digest: MessageDigest) {
        switch digest {
        case .sha256: self = .sha256
        case .sha384: self = .sha384
        case .sha512: self = .sha512
        }
    }
}
