/// Keeps the tokens of the admin interface.
public protocol TokenLedger: Sendable {
    /// - Throws: ``EnrollmentError`` with rule `token.name` when a valid token has that name.
    func insert(_ token: APIToken, by act: AdministrativeAct) async throws(EnrollmentError)

    /// Newest first; ended ones too.
    func tokens(after: String?, limit: Int) async throws(EnrollmentError) -> Page<APIToken>

    /// Those that are neither revoked nor expired at that moment.
    func validTokens(at now: Timestamp) async throws(EnrollmentError) -> [APIToken]

    /// Ends a token, given its id, or the name of one that is valid.
    ///
    /// - Returns: The token as it is now, and whether this call revoked it; `nil` when there is none.
    func revokeToken(_ name: String, by act: AdministrativeAct)
        async throws(EnrollmentError) -> (token: APIToken, isNew: Bool)?

    /// Notes that a token was used.
    func touchToken(_ id: String, at now: Timestamp) async throws(EnrollmentError)
}
