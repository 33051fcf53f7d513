package import EnrollmentCore

/// The ledger in whichever store it is kept.
///
/// Every port of the core is written once, in extensions, on top of what a store offers: reads, and transactions.
package protocol LedgerStore: EnrollmentLedger, AttemptLedger, AuthorityLedger, LedgerQueries, RenewalLedger,
    DeviceLedger,
    RevocationLedger, FleetQueries, RetentionLedger, HandOffLedger, IdentityLedger, TokenLedger,
    RotationLedger, CompromiseLedger, SealingLedger, CeremonyLedger
{
    /// What the store lets this process do just now.
    var standing: StoreStanding { get }

    /// Whether records wait because the store does not take them.
    ///
    /// Set by refusals that could not be recorded, and cleared when they are.
    var isPostponing: Bool { get }

    /// How the store's connections do; zeros where there are none to speak of.
    var figures: StoreFigures { get }

    /// What other processes, and this one, change from now on; ends when the store is closed.
    ///
    /// Each change is heard of within two seconds, be it only as ``StoreChange/anything``. Nothing is ever heard of a store
    /// that only this process writes to.
    func changes() -> AsyncStream<StoreChange>

    /// Asks questions; what they see was committed before.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value

    /// Runs `body` in a transaction and returns when that is durable.
    ///
    /// Where several may write at once, a transaction may be run more than once before it succeeds: `body` must have no
    /// effect but on the connection.
    ///
    /// - Parameters:
    ///   - locks: Whose affairs `body` changes; nobody else changes them meanwhile.
    ///   - doubt: What to do when nobody knows whether it was committed.
    ///   - body: Reads and writes.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` threw, why the commit did not happen, or that the store only reads.
    func write<Value: Sendable>(
        _ locks: LockPlan,
        _ doubt: CommitDoubt<Value>,
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value

    /// Runs `body` with the next commit, or soon, without a caller that waits; does nothing on a store that only reads.
    func writeEventually(_ body: @escaping @Sendable (LedgerConnection) throws -> Void)

    /// Reads through what opening a large store put off; returns at once when nothing was.
    ///
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` and rule `ledger.damaged`.
    func checkStructure() async throws(EnrollmentError)

    /// Reads the store through and says what is wrong with its structure.
    ///
    /// - Returns: At most ten findings in the store's words; empty when it is sound.
    /// - Throws: ``EnrollmentError`` when the damage prevents even looking.
    func structureFindings() async throws(EnrollmentError) -> [String]

    /// Writes what is queued, lets go of the store and refuses everything later.
    func close() async
}

extension LedgerStore {
    package var figures: StoreFigures { StoreFigures() }

    package func changes() -> AsyncStream<StoreChange> {
        AsyncStream { $0.finish() }
    }

    /// A transaction that may be run again when nobody knows whether it was committed: it finds its work done then.
    func write<Value: Sendable>(
        _ locks: LockPlan,
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        try await self.write(locks, .again, body)
    }
}

/// What a store lets a process do.
package enum StoreStanding: Hashable, Sendable {
    case readWrite
    /// Nothing can be recorded, for this reason: the server is a standby, say.
    case readOnly(reason: String)
    /// The store does not answer.
    case unreachable(reason: String)
}

/// What to do when the connection went before the server could say whether it committed.
package enum CommitDoubt<Value: Sendable>: Sendable {
    /// The transaction finds its own work done when it is run again.
    case again
    /// The transaction's outcome when it was committed, by what only it can have left; `nil` when there is none.
    case evidence(@Sendable (LedgerConnection) throws -> Value?)
}

extension CommitDoubt where Value == Void {
    /// Whether the certificate is on record: only the transaction that stores it can have put it there.
    static func recorded(_ certificate: IssuedCertificate) -> CommitDoubt<Void> {
        .evidence { connection in
            let known = try CertificateTable(connection: connection).find(thumbprint: certificate.thumbprint)
            return known?.serialNumber == certificate.serialNumber ? () : nil
        }
    }
}
