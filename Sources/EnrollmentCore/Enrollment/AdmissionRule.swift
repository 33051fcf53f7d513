/// Which users may have devices at all, judged anew at every enrollment and renewal.
public struct AdmissionRule: Hashable, Sendable {
    /// Members of any of these are admitted; empty admits everybody.
    public let groups: [GroupName]

    public init(groups: [GroupName]) {
        self.groups = groups
    }

    /// - Throws: ``EnrollmentError`` with code `authorization` for a user who is in none of the groups.
    public func judge(_ user: DirectoryUser) throws(EnrollmentError) {
        guard self.groups.isEmpty || self.groups.contains(where: user.groups.contains) else {
            throw EnrollmentError(
                .authorization,
                "\(user.principalName) is in none of the groups that may enroll. Add the user to one of them, or the"
                    + " group to admission.groups in the configuration.",
                rule: "admission.groups",
                facts: [
                    Fact("user", user.principalName),
                    Fact("admitted groups", self.groups.map(\.text).joined(separator: "; ")),
                    Fact("user's groups", user.groups.map(\.text).joined(separator: "; ")),
                ],
                confirmedUserID: user.id
            )
        }
    }
}
