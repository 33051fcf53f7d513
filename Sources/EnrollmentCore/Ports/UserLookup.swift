/// Reads users again without a credential of theirs.
public protocol UserLookup: Sendable {
    /// Reads the user whom the directory knows by this id.
    ///
    /// - Parameter id: ``DirectoryUser/id``, as it was when the user signed in.
    /// - Returns: The user with today's names and groups.
    /// - Throws: ``EnrollmentError``: `authorization` when there is no such user any more or the account may not sign
    ///   in, `inMaintenance` or `enrollmentServer` when the directory cannot be asked. Bounded in time.
    func user(id: String) async throws(EnrollmentError) -> DirectoryUser
}
