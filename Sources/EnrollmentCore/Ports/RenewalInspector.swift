/// Judges signed renewal requests.
public protocol RenewalInspector: Sendable {
    /// Checks form and both signatures of a PKCS #7 message around a PKCS #10 request: the old key's over the message,
    /// the new key's over the request.
    ///
    /// - Parameter signedRequest: CMS SignedData, DER.
    /// - Returns: What is proven by it; the signer's certificate is not judged.
    /// - Throws: ``EnrollmentError`` with code `certificateRequest` for what cannot be read, `notEligibleToRenew` for a
    ///   signature that does not verify or a signer that is not one, and the rule that was broken.
    func inspect(_ signedRequest: [UInt8]) throws(EnrollmentError) -> SignedRenewal
}
