internal import Dispatch
package import EnrollmentCore
package import Logging
package import SQLiteKit

/// The ledger in one SQLite file: one writer with group commit, a few readers beside it.
///
/// `synchronous=FULL` with a write-ahead log: what an operation reported as done survives a power cut.
package final class SQLiteLedger: LedgerStore {
    private let writer: CommitQueue?
    let readers: ReaderPool
    /// Whether opening left the large tables unread; and how to open a reader for them.
    private let owesCheck: Bool
    private let settings: LedgerSettings

    private init(writer: CommitQueue?, readers: ReaderPool, owesCheck: Bool, settings: LedgerSettings) {
        self.writer = writer
        self.readers = readers
        self.owesCheck = owesCheck
        self.settings = settings
    }

    /// Opens the database.
    ///
    /// For writing it is made when it is missing, its schema is brought up to date and its structure checked. For reading
    /// it is taken as it is.
    ///
    /// - Parameters:
    ///   - settings: Where it is and how much it may use.
    ///   - access: What it is opened for.
    ///   - logger: Hears of records that were lost or postponed.
    ///   - faults: Breaks the writer on purpose; for tests.
    /// - Returns: The ledger, ready for work.
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` for a file that is not ours, damaged, readable by
    ///   everybody or written by a newer version, and for one of an older version that is to be read only;
    ///   `inMaintenance` when it is locked or cannot be written.
    package static func open(
        _ settings: LedgerSettings,
        access: LedgerAccess = .readWrite,
        logger: Logger,
        faults: SQLiteFaultPlan? = nil
    ) async throws(EnrollmentError) -> SQLiteLedger {
        let outcome = await withCheckedContinuation { continuation in
            // Reading a large file through takes a while: not on the cooperative pool.
            DispatchQueue(label: "ledger.opening").async {
                let outcome = Result { () throws(EnrollmentError) in
                    switch access {
                    case .founding, .readWrite: try SQLiteLedger.openBlocking(settings, logger: logger, faults: faults)
                    case .readOnly: try SQLiteLedger.openForReading(settings)
                    }
                }
                continuation.resume(returning: outcome)
            }
        }
        return try outcome.get()
    }

    private static func openBlocking(
        _ settings: LedgerSettings,
        logger: Logger,
        faults: SQLiteFaultPlan?
    ) throws(EnrollmentError) -> SQLiteLedger {
        let connection = try LedgerOpening.open(settings)
        if let faults { connection.install(faults) }
        let owesCheck: Bool
        do {
            owesCheck = try StructureCheck.isPutOff(connection, settings)
        } catch {
            throw .ledger(error)
        }
        let writer = CommitQueue(connection, settings: settings, logger: logger)
        do throws(SQLiteError) {
            let readers = try ReaderPool(settings: settings)
            return SQLiteLedger(writer: writer, readers: readers, owesCheck: owesCheck, settings: settings)
        } catch {
            throw .ledger(error)
        }
    }

    /// Reads through what opening a large database put off; returns at once when nothing was.
    ///
    /// It takes about a second for a hundred thousand devices, on a connection of its own.
    ///
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` and rule `ledger.damaged`.
    package func checkStructure() async throws(EnrollmentError) {
        guard self.owesCheck else { return }
        let reader: LedgerReader
        do throws(SQLiteError) {
            reader = try LedgerReader(settings: self.settings)
        } catch {
            throw .ledger(error)
        }
        try await reader.inspect { try StructureCheck.ofTheRest($0) }
        await reader.close()
    }

    private static func openForReading(_ settings: LedgerSettings) throws(EnrollmentError) -> SQLiteLedger {
        var settings = settings
        settings.readers = 1
        let access = try LedgerOpening.accessForReading(settings)
        do throws(SQLiteError) {
            let readers = try ReaderPool(settings: settings, access: access)
            return SQLiteLedger(writer: nil, readers: readers, owesCheck: false, settings: settings)
        } catch {
            throw .ledger(error)
        }
    }

    package var standing: StoreStanding {
        self.writer == nil ? .readOnly(reason: "the database was opened for reading alone") : .readWrite
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        try await self.readers.read(body)
    }

    package func write<Value: Sendable>(
        _: LockPlan,
        _: CommitDoubt<Value>,
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        guard let writer = self.writer else { throw .ledgerReadOnly }
        return try await writer.perform(body)
    }

    /// Whether records wait because the store does not take them: its disk is full, somebody else keeps it locked, or it
    /// is broken.
    ///
    /// Set by refusals that could not be recorded, and cleared when they are.
    package var isPostponing: Bool { self.writer?.isPostponing ?? false }

    /// Runs `body` with the next commit; does nothing on a ledger that was opened for reading.
    package func writeEventually(_ body: @escaping @Sendable (LedgerConnection) throws -> Void) {
        self.writer?.performEventually(body)
    }

    /// Writes what is queued, lets go of the file and refuses everything later.
    ///
    /// The writer goes last: only a connection that may write folds the log into the database when it closes.
    package func close() async {
        await self.readers.close()
        await self.writer?.close()
    }

    /// `EXPLAIN QUERY PLAN` of every statement used so far.
    package func queryPlans() async throws(EnrollmentError) -> [String: [String]] {
        let writes = try await self.write(.none) { try $0.sqlite?.plansOfKnownStatements() ?? [:] }
        return try await self.readers.queryPlans().merging(writes) { first, _ in first }
    }
}
