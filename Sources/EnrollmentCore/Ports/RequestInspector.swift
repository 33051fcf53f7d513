/// Judges certificate requests.
public protocol RequestInspector: Sendable {
    /// Checks form, proof of possession and key quality of a PKCS #10 request.
    ///
    /// - Throws: ``EnrollmentError`` with code `certificateRequest` and the rule that was broken.
    func inspect(_ certificateRequest: [UInt8]) throws(EnrollmentError) -> ProvenRequest
}
