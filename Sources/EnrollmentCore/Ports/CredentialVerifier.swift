/// Confirms who a user is.
public protocol CredentialVerifier: Sendable {
    /// Proves `credential` against the directory and reads the user.
    ///
    /// - Throws: ``EnrollmentError``: `authentication` for an unknown user and a wrong password alike,
    ///   `authorization` for an account that may not sign in, `inMaintenance` or `enrollmentServer` when the directory
    ///   cannot be asked. Bounded in time.
    func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser
}
