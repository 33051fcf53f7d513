internal import EnrollmentCore
internal import SQLText
internal import SQLiteKit

/// One connection to whichever store the ledger is in; all that tables and transactions are written against.
///
/// Confined to whoever owns the connection beneath.
package final class LedgerConnection {
    enum Store {
        case sqlite(SQLiteConnection)
        case postgres(PostgresSession)
    }

    let store: Store

    init(_ connection: SQLiteConnection) {
        self.store = .sqlite(connection)
    }

    init(_ session: PostgresSession) {
        self.store = .postgres(session)
    }

    /// The connection beneath, where it is one to SQLite.
    var sqlite: SQLiteConnection? {
        if case .sqlite(let connection) = self.store { connection } else { nil }
    }

    /// Lends a statement; it is prepared at its first use.
    func prepare(_ sql: SQL) throws -> LedgerStatement {
        switch self.store {
        case .sqlite(let connection): LedgerStatement(try connection.prepare(sql))
        case .postgres(let session): LedgerStatement(PostgresCursor(sql, on: session))
        }
    }

    /// The first column of the first row, or `nil` when there is no row or the column is NULL.
    func integer(_ sql: SQL) throws -> Int64? {
        let statement = try self.prepare(sql)
        return try statement.step() ? statement.optionalInteger(0) : nil
    }

    /// Asks at once what is going to be asked one by one, where each question is a way to a server and back.
    ///
    /// The answers are kept until the same statement asks with the same values. Whatever was not foreseen is asked when
    /// it comes up, so that what is foreseen decides on speed alone. Does nothing where the store is in this process.
    ///
    /// - Parameter questions: Reads only; what they return or throw does not matter, for none sees a row.
    /// - Throws: What the store answered.
    func foresee(_ questions: [() throws -> Void]) throws {
        guard case .postgres(let session) = self.store else { return }
        try session.foresee(questions)
    }

    /// Lets nobody else write to the log of revocations until this transaction has ended, so that its steps appear in the
    /// order of their numbers.
    ///
    /// Nothing to do where there is one writer anyway.
    func lockRevocationLog() throws {
        if case .postgres(let session) = self.store { try session.lockRevocationLog() }
    }

    /// Tells other processes what this transaction changes, once it is committed; nothing to do where there are none.
    func tell(_ change: StoreChange) throws {
        if case .postgres(let session) = self.store { try session.notify(change) }
    }

    /// The time that holds for everybody who shares the store: this process's own, or the database's.
    func present(_ now: Timestamp) throws -> Timestamp {
        switch self.store {
        case .sqlite: now
        case .postgres(let session): try session.present(now)
        }
    }

    /// Does the work for real and takes it back, whatever else the transaction holds.
    func rehearsal<Value>(_ body: () throws -> Value) throws -> Value {
        switch self.store {
        case .sqlite(let connection): try connection.rehearsal(body)
        case .postgres(let session): try session.rehearsal(body)
        }
    }
}

extension SQLiteConnection {
    fileprivate func rehearsal<Value>(_ body: () throws -> Value) throws -> Value {
        try self.markSavepoint()
        do {
            let value = try body()
            try self.rollBackToSavepoint()
            return value
        } catch {
            // An interrupt ends the whole transaction, and the mark with it.
            if self.isInTransaction { try self.rollBackToSavepoint() }
            throw error
        }
    }
}
