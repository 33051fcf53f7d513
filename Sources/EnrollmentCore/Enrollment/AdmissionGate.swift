/// Lets through users whom the directory confirms and whom a rule admits.
///
/// Policy and enrollment share one gate, so a user who may not enroll hears it before a key is made.
public struct AdmissionGate: CredentialVerifier {
    private let verifier: any CredentialVerifier
    private let rule: AdmissionRule

    /// - Parameters:
    ///   - verifier: Confirms who the user is.
    ///   - rule: Says who is admitted.
    public init(verifier: any CredentialVerifier, rule: AdmissionRule) {
        self.verifier = verifier
        self.rule = rule
    }

    public func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
        let user = try await self.verifier.verify(credential)
        try self.rule.judge(user)
        return user
    }
}
