/// Keeps revocations and the CRLs made of them.
///
/// As everywhere in the ledger an operation is one transaction, durable when it returns.
public protocol RevocationLedger: Sendable {
    /// Revokes what the order names, in one transaction: revocations, certificates' states, devices that are left with
    /// nothing valid, hand-off events, the audit record.
    ///
    /// A certificate that is revoked already stays as it is unless the new reason replaces the former one
    /// (``RevocationReason/replaces(_:)``). An intent is revoked like a certificate: nobody knows that it was not
    /// signed. Where a device has another valid certificate, that one becomes its current one.
    func revoke(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome

    /// The same, taken back at the end: what ``revoke(_:)`` would do now.
    func rehearse(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome

    /// Certificates that the selection names and that are not revoked for good, have not ended by `now` and are not
    /// closed; oldest first, a page at a time.
    func revocable(
        _ selection: RevocationSelection,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SerialNumber>

    /// Refuses every later request for this key; the first reason stays.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 over the SubjectPublicKeyInfo.
    ///   - act: Who, why.
    /// - Returns: `false` when the key was blocked already.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    func blockKey(_ digest: [UInt8], act: AdministrativeAct) async throws(EnrollmentError) -> Bool

    /// What an OCSP answer has to say; from the proof that retention keeps where the certificate itself is gone.
    func status(of serialNumber: SerialNumber, issuedBy issuerID: String) async throws(EnrollmentError)
        -> CertificateStatus

    /// The standing revocation of a certificate, or `nil`.
    func revocation(of serialNumber: SerialNumber) async throws(EnrollmentError) -> Revocation?

    /// Changes after `ordinal`, oldest first, at most `limit`.
    func changes(after ordinal: Int64, limit: Int) async throws(EnrollmentError) -> [RevocationChange]

    /// The ordinal of the newest change; 0 when there was none.
    func newestChange() async throws(EnrollmentError) -> Int64

    /// Makes shards known, so that they are published; those known already stay as they are.
    func announce(_ shards: [CRLShard]) async throws(EnrollmentError)

    /// Every shard that was ever announced, by issuer and number.
    func shards() async throws(EnrollmentError) -> [CRLStanding]

    /// Takes the lease of a shard and gives the next CRL number.
    ///
    /// - Parameters:
    ///   - shard: The shard.
    ///   - holder: Names the process, the same for its whole life and different from every other.
    ///   - now: The present.
    ///   - until: When the lease ends by itself.
    /// - Returns: The turn, or who has it.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    func takeTurn(
        at shard: CRLShard,
        holder: String,
        now: Timestamp,
        until: Timestamp
    ) async throws(EnrollmentError) -> CRLTurnOutcome

    /// What the shard's next CRL lists, by serial number, at most `limit`: revoked, and not ended before `moment`.
    func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serialNumber: SerialNumber?,
        limit: Int
    ) async throws(EnrollmentError) -> [CRLEntry]

    /// Records what is about to be signed as the turn's CRL: SHA-256 over the octets to be signed.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `crl.turn` when the lease was lost.
    func record(_ turn: CRLTurn, toBeSignedDigest: [UInt8], at now: Timestamp) async throws(EnrollmentError)

    /// Makes a signed CRL the published one, atomically, and gives the lease back.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `crl.turn` when the lease was lost, nothing
    ///   was recorded, or a higher number has been published.
    func publish(_ crl: PublishedCRL, by turn: CRLTurn, at now: Timestamp) async throws(EnrollmentError)

    /// The published CRL of a shard, or `nil`.
    func crl(of shard: CRLShard) async throws(EnrollmentError) -> PublishedCRL?
}
