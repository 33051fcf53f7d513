internal import EnrollmentCore
internal import SQLText
internal import SQLiteKit
internal import ServiceRuntime
internal import Synchronization

/// One read-only connection on a thread that may block.
actor LedgerReader {
    private let executor: BlockingExecutor
    private var connection: SQLiteConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    init(settings: LedgerSettings, access: SQLiteConnection.Access = .readOnly) throws(SQLiteError) {
        self.executor = BlockingExecutor(label: "ledger.reader")
        let connection = try SQLiteConnection(
            path: settings.path,
            access: access,
            busyTimeout: settings.busyTimeout
        )
        try connection.limitCache(toKibibytes: settings.readerCache)
        self.connection = connection
    }

    func read<Value: Sendable>(
        _ body: @Sendable (LedgerConnection) throws -> Value
    ) throws(EnrollmentError) -> Value {
        guard let connection = self.connection else { throw .ledgerClosed }
        do {
            return try body(LedgerConnection(connection))
        } catch {
            throw .ledger(error)
        }
    }

    /// Looks at the connection itself.
    func inspect<Value: Sendable>(
        _ body: @Sendable (SQLiteConnection) throws -> Value
    ) throws(EnrollmentError) -> Value {
        guard let connection = self.connection else { throw .ledgerClosed }
        do {
            return try body(connection)
        } catch {
            throw .ledger(error)
        }
    }

    func close() {
        self.connection = nil
    }
}

/// A few readers, taken in turn.
final class ReaderPool: Sendable {
    private let readers: [LedgerReader]
    private let turn = Atomic<Int>(0)

    init(settings: LedgerSettings, access: SQLiteConnection.Access = .readOnly) throws(SQLiteError) {
        var readers: [LedgerReader] = []
        for _ in 0..<max(1, settings.readers) {
            readers.append(try LedgerReader(settings: settings, access: access))
        }
        self.readers = readers
    }

    /// Asks the next reader; what it sees was committed before.
    func read<Value: Sendable>(
        _ body: @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        let turn = self.turn.wrappingAdd(1, ordering: .relaxed).newValue
        return try await self.readers[Int(turn.magnitude % UInt(self.readers.count))].read(body)
    }

    /// Looks at the next reader's connection itself.
    func inspect<Value: Sendable>(
        _ body: @Sendable (SQLiteConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        let turn = self.turn.wrappingAdd(1, ordering: .relaxed).newValue
        return try await self.readers[Int(turn.magnitude % UInt(self.readers.count))].inspect(body)
    }

    func close() async {
        for reader in self.readers { await reader.close() }
    }

    /// The plans of every statement the readers have used.
    func queryPlans() async throws(EnrollmentError) -> [String: [String]] {
        var plans: [String: [String]] = [:]
        for reader in self.readers {
            plans.merge(try await reader.inspect { try $0.plansOfKnownStatements() }) { first, _ in first }
        }
        return plans
    }
}

extension SQLiteConnection {
    func plansOfKnownStatements() throws(SQLiteError) -> [String: [String]] {
        var plans: [String: [String]] = [:]
        for statement in self.knownStatements { plans[statement.text] = try self.queryPlan(of: statement) }
        return plans
    }
}
