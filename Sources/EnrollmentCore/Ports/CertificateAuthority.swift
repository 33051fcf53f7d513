/// Makes certificates: the only port behind which an authority key is used.
public protocol CertificateAuthority: Sendable {
    /// The issuer that signs new certificates now.
    ///
    /// - Throws: ``EnrollmentError`` with code `inMaintenance` and rule `issuer.frozen` while nobody does: the last one was
    ///   stopped, and its successor is not there yet.
    var activeIssuer: ActiveIssuer { get throws(EnrollmentError) }

    /// Looks at once who signs by now, when the ledger said that ``activeIssuer`` does not any more.
    ///
    /// - Throws: ``EnrollmentError`` when that cannot be told, or its key cannot be used.
    func refresh() async throws(EnrollmentError)

    /// Encodes a draft and judges it by trial issuance and lint. The authority's key is not touched.
    ///
    /// - Throws: ``EnrollmentError`` with code `certificateRequest` or `internalService` and the names of the broken
    ///   rules.
    func prepare(_ draft: CertificateDraft) async throws(EnrollmentError) -> PreparedCertificate

    /// Signs what the ticket permits, verifies the signature and compares the signed part with what was recorded.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService`; nothing has left the process then.
    func sign(_ ticket: consuming IssuanceTicket) async throws(EnrollmentError) -> IssuedCertificate
}
