internal import Dispatch
package import EnrollmentCore
package import Logging
internal import PostgresKit
internal import SQLText
internal import Synchronization

/// The ledger in a PostgreSQL database that any number of processes share.
///
/// What they do at the same time is kept apart by locks in the database (``LockPlan``), on READ COMMITTED.
package final class PostgresLedger: LedgerStore {
    let runner: PostgresRunner
    private let settings: PostgresLedgerSettings
    private let status: PostgresStanding
    /// `nil` where the database is only looked at.
    private let watch: PostgresWatch?
    private let backlog: PostgresBacklog?

    private init(
        _ settings: PostgresLedgerSettings,
        runner: PostgresRunner,
        status: PostgresStanding,
        watch: PostgresWatch?,
        backlog: PostgresBacklog?
    ) {
        self.settings = settings
        self.runner = runner
        self.status = status
        self.watch = watch
        self.backlog = backlog
    }

    /// Opens the database.
    ///
    /// - Parameters:
    ///   - settings: Where it is and how much of it this process may use.
    ///   - access: What it is opened for. To found an authority, its tables are made where there are none; for the
    ///     service, those of an earlier version are brought up to date; for reading, it is taken as it is.
    ///   - logger: Hears of records that were lost or postponed, and of what the server is like.
    /// - Returns: The ledger, ready for work; on a standby it only reads until that is promoted.
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` for what waiting does not mend, such as a database that
    ///   is not ours, is empty or of a newer version, a server that is too old, a wrong password or certificate, or a
    ///   clock that is far off; `inMaintenance` for what it may, such as a server that does not answer.
    package static func open(
        _ settings: PostgresLedgerSettings,
        access: LedgerAccess = .readWrite,
        logger: Logger
    ) async throws(EnrollmentError) -> PostgresLedger {
        let outcome = await withCheckedContinuation { continuation in
            DispatchQueue(label: "ledger.opening").async {
                let outcome = Result { () throws(EnrollmentError) in
                    try PostgresOpening.run(settings, access: access, logger: logger)
                }
                continuation.resume(returning: outcome)
            }
        }
        let look = try outcome.get()
        let status = PostgresStanding(settings, isForReading: access == .readOnly, logger: logger)
        status.note(look)
        let runner = PostgresRunner(settings, status: status, logger: logger)
        guard access != .readOnly else {
            return PostgresLedger(settings, runner: runner, status: status, watch: nil, backlog: nil)
        }
        let watch: PostgresWatch
        do throws(PostgresError) {
            watch = try PostgresWatch(settings, status)
        } catch {
            await runner.close()
            throw .ledger(error)
        }
        watch.start()
        return PostgresLedger(
            settings,
            runner: runner,
            status: status,
            watch: watch,
            backlog: PostgresBacklog(settings, logger: logger)
        )
    }

    package var standing: StoreStanding { self.status.current }

    package var isPostponing: Bool { self.backlog?.isPostponing ?? false }

    package var figures: StoreFigures {
        var figures = self.runner.figures
        figures.connections += (self.watch?.connections ?? 0) + (self.backlog?.connections ?? 0)
        figures.clockSkew = self.status.clockSkew
        figures.replayed = self.status.replayed
        return figures
    }

    package func changes() -> AsyncStream<StoreChange> {
        self.watch?.changes() ?? AsyncStream { $0.finish() }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        try await self.runner.read(body)
    }

    package func write<Value: Sendable>(
        _ locks: LockPlan,
        _ doubt: CommitDoubt<Value>,
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        if case .readOnly(let reason) = self.status.current {
            // Somebody who opened it for reading has made a mistake; a service on a standby has not.
            throw self.watch == nil ? .ledgerReadOnly : .readOnlyStore(reason)
        }
        return try await self.runner.write(locks, doubt, body)
    }

    package func writeEventually(_ body: @escaping @Sendable (LedgerConnection) throws -> Void) {
        self.backlog?.add(body)
    }

    /// Nothing was put off: the server checks its pages when it reads them.
    package func checkStructure() async throws(EnrollmentError) {}

    package func structureFindings() async throws(EnrollmentError) -> [String] {
        try await self.read { connection in
            let row = try connection.prepare(
                """
                SELECT 'index ' || c.relname || ' is not valid' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND NOT (i.indisvalid AND i.indisready)
                UNION ALL
                SELECT 'constraint ' || o.conname || ' was never validated' FROM pg_constraint o
                    JOIN pg_namespace n ON n.oid = o.connamespace
                WHERE n.nspname = current_schema() AND NOT o.convalidated
                LIMIT 10
                """
            )
            var findings: [String] = []
            while try row.step() { findings.append(row.text(0)) }
            return findings
        }
    }

    package func close() async {
        await self.backlog?.close()
        await self.watch?.close()
        await self.runner.close()
    }
}
