/// Ends and removes what time has overtaken, a few at a time; each call is one short transaction.
public protocol RetentionLedger: Sendable {
    /// Live devices whose certificate ended before `moment` become `expired`: slot freed, event in the outbox.
    ///
    /// One with an open reservation is left until that is concluded. The hardware of one that was held needs a permit to
    /// enroll again: to wait must not undo a hold.
    ///
    /// - Returns: How many; at most `limit`.
    func expire(endedBefore moment: Timestamp, at now: Timestamp, limit: Int) async throws(EnrollmentError) -> Int

    /// Removes closed attempts that started before `moment`, oldest first; the latest refused renewal of a live device
    /// stays.
    ///
    /// One recorded long after it started may stay until `moment` passes those recorded with it.
    ///
    /// - Returns: How many; at most `limit`.
    func pruneAttempts(startedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int

    /// Removes certificates that ended before `moment` and keeps a proof of each: serial number, issuer, SHA-256 over
    /// the certificate (over the octets to be signed where there is none), and its revocation. An intent that was closed
    /// as never signed needs no proof. The sealed key of a service certificate goes with it.
    ///
    /// Never one that a published CRL still lists or has yet to list a last time, a live device's current one, an
    /// issuer's, the newest of a service use, or a device's open intent.
    ///
    /// - Returns: How many; at most `limit`.
    func pruneCertificates(endedBefore moment: Timestamp, at now: Timestamp, limit: Int)
        async throws(EnrollmentError) -> Int

    /// The proof of a certificate that was removed, or `nil`.
    func proof(of serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateProof?

    /// Removes steps of the revocation log that are older than `moment` and that their shard's published CRL shows.
    ///
    /// - Returns: How many; at most `limit`.
    func pruneChanges(recordedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int
}

/// What stays of a certificate that retention removed.
public struct CertificateProof: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let issuerID: String
    /// SHA-256 over the certificate; over the octets to be signed where nothing was confirmed.
    public let digest: [UInt8]
    public let notAfter: Timestamp
    public let revocation: Revocation?
    public let pruned: Timestamp

    public init(
        serialNumber: SerialNumber,
        issuerID: String,
        digest: [UInt8],
        notAfter: Timestamp,
        revocation: Revocation?,
        pruned: Timestamp
    ) {
        self.serialNumber = serialNumber
        self.issuerID = issuerID
        self.digest = digest
        self.notAfter = notAfter
        self.revocation = revocation
        self.pruned = pruned
    }
}
