/// Lets through users whom the directory confirms and whose groups may enroll.
///
/// Policy and enrollment share one gate, so a user who may not enroll hears it before a key is made.
public struct AdmissionGate: CredentialVerifier {
    private let verifier: any CredentialVerifier
    private let admittedGroups: [GroupName]

    /// - Parameters:
    ///   - verifier: Confirms who the user is.
    ///   - admittedGroups: Members of any of these may enroll; empty admits every confirmed user.
    public init(verifier: any CredentialVerifier, admittedGroups: [GroupName]) {
        self.verifier = verifier
        self.admittedGroups = admittedGroups
    }

    public func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
        let user = try await self.verifier.verify(credential)
        guard self.admittedGroups.isEmpty || self.admittedGroups.contains(where: user.groups.contains) else {
            throw EnrollmentError(
                .authorization,
                "\(user.principalName) is in none of the groups that may enroll. Add the user to one of them, or the"
                    + " group to admission.groups in the configuration.",
                rule: "admission.groups",
                facts: [
                    Fact("user", user.principalName),
                    Fact("admitted groups", self.admittedGroups.map(\.text).joined(separator: "; ")),
                    Fact("user's groups", user.groups.map(\.text).joined(separator: "; ")),
                ],
                confirmedUserID: user.id
            )
        }
        return user
    }
}
