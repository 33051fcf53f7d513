/// Keeps revocations and the CRLs made of them.
///
/// As everywhere in the ledger an operation is one transaction, durable when it returns.
public protocol RevocationLedger: Sendable {
    /// Revokes what the order names, in one transaction: revocations, certificates' states, devices that are left with
    /// nothing valid, hand-off events, the audit record.
    ///
    /// A certificate that is revoked already stays as it is unless the new reason replaces the former one
    /// (``RevocationReason/replaces(_:)``). An intent is revoked like a certificate: nobody knows that it was not
    /// signed; should it be under way, it comes to nothing. Where a device has another valid certificate, that one
    /// becomes its current one, and is no longer to be superseded. A device without any is `revoked`, and what is under
    /// way for it is revoked too (`cessationOfOperation`).
    ///
    /// A moment that a revocation has already stays when its reason is replaced: the certificate was not to be trusted
    /// since. `certificateHold` suspends the certificates named and nothing else: their state stays, their devices stay.
    ///
    /// The act is recorded with the figures of the outcome, unless nothing changed. Several orders under one act of one
    /// trace id are one record, whose facts add up.
    ///
    /// - Throws: ``EnrollmentError`` with code `messageFormat` and rule `revocation.most` for an order that names more
    ///   than ``RevocationOrder/most``, `internalService` and rule `act.trace-id` when the trace id is another act's.
    func revoke(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome

    /// The same, taken back at the end: what ``revoke(_:)`` would do now.
    func rehearse(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome

    /// Certificates that the selection names and that are not revoked for good, have not ended by `now` and are not
    /// closed; oldest first (a user's device by device), a page at a time.
    ///
    /// By ``RevocationSelection/key(_:)`` also those revoked for a reason that a compromised key replaces. Going on after
    /// a page that has been revoked meanwhile neither skips nor repeats any.
    ///
    /// - Throws: ``EnrollmentError`` with code `messageFormat` for a key that no page gave.
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
    /// - Returns: `false` when the key was blocked already; no act is recorded then.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    func blockKey(_ digest: [UInt8], act: AdministrativeAct) async throws(EnrollmentError) -> Bool

    /// What an OCSP answer has to say; from the proof that retention keeps where the certificate itself is gone.
    ///
    /// An end of validity makes no difference here. Another issuer's certificate is `unknown`.
    func status(of serialNumber: SerialNumber, issuedBy issuerID: String) async throws(EnrollmentError)
        -> CertificateStatus

    /// The standing revocation of a certificate, or `nil`.
    func revocation(of serialNumber: SerialNumber) async throws(EnrollmentError) -> Revocation?

    /// Changes after `ordinal`, oldest first, at most `limit` and 10 000.
    ///
    /// What another process has committed is seen at once. Ordinals may have gaps.
    func changes(after ordinal: Int64, limit: Int) async throws(EnrollmentError) -> [RevocationChange]

    /// The ordinal of the newest change, whether retention has removed it or not; 0 when there was none.
    func newestChange() async throws(EnrollmentError) -> Int64

    /// Makes shards known, so that they are published; those known already stay as they are. A revocation makes its
    /// shard known by itself; one of a certificate that names no CRL falls to shard 0 of its issuer.
    func announce(_ shards: [CRLShard]) async throws(EnrollmentError)

    /// Every shard that was ever announced, by issuer and number.
    func shards() async throws(EnrollmentError) -> [CRLStanding]

    /// Takes the lease of a shard and gives the next CRL number, which is stored at once: a crash skips a number and
    /// never repeats one.
    ///
    /// A holder who has the lease already gets a new turn, and its former one is lost. A lease lasts a day at most; one
    /// that ends later than that was taken by a clock that was wrong, and does not hold.
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

    /// What the shard's next CRL lists, by serial number, at most `limit` and 10 000: revoked, and not ended before
    /// `moment`.
    func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serialNumber: SerialNumber?,
        limit: Int
    ) async throws(EnrollmentError) -> [CRLEntry]

    /// Records what is about to be signed as the turn's CRL: SHA-256 over the octets to be signed.
    ///
    /// A lease that has run out is lost only when somebody else took it, or its holder another turn. Recording the same
    /// again changes nothing.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `crl.turn` when the lease was lost, or other
    ///   octets are recorded for this number.
    func record(_ turn: CRLTurn, toBeSignedDigest: [UInt8], at now: Timestamp) async throws(EnrollmentError)

    /// Makes a signed CRL the published one, atomically, and gives the lease back. The one before it is kept, older
    /// ones are dropped.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `crl.turn` when the lease was lost, nothing
    ///   was recorded, the CRL is not the turn's, or a higher number has been published.
    func publish(_ crl: PublishedCRL, by turn: CRLTurn, at now: Timestamp) async throws(EnrollmentError)

    /// The published CRL of a shard, or `nil`.
    func crl(of shard: CRLShard) async throws(EnrollmentError) -> PublishedCRL?
}
