/// Keeps what is left to do after an issuer was declared compromised, so that whoever comes next can go on.
///
/// The revoking itself goes through ``RevocationLedger``, part by part.
public protocol CompromiseLedger: Sendable {
    /// Oldest first.
    func compromises() async throws(EnrollmentError) -> [CompromiseRecord]

    /// Notes that everything the issuer signed is being revoked, and how much that is.
    ///
    /// Where that was noted before, the rate is the new one from now on and all else stays; what was finished is under
    /// way again if something turned up since.
    ///
    /// - Parameters:
    ///   - issuerID: The issuer.
    ///   - successor: Who signs in its place; `nil` where nobody had to take it.
    ///   - perMinute: Devices in a minute; 0 for as many as the store takes.
    ///   - act: Who, why; it is not recorded here, since ``RotationLedger/apply(_:announcing:by:)`` did.
    /// - Returns: What is noted now.
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `rotation.changed` when the issuer is not
    ///   compromised.
    func beginCompromise(
        of issuerID: String,
        successor: String?,
        perMinute: Int,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> CompromiseRecord

    /// Notes that nothing is left to revoke; the first moment stays.
    ///
    /// - Returns: `false`, and nothing is noted, while something is left, or when nothing was begun.
    func finishCompromise(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Bool

    /// How many certificates of the issuer could be revoked by `now`, intents among them: what
    /// ``RevocationLedger/revocable(_:at:after:limit:)`` would give for it, all pages together.
    func revocableCount(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Int

    /// How many devices hold a certificate of the issuer that could be revoked by `now`; those whose first one is still
    /// to come are not counted.
    func devicesToRevoke(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Int
}
