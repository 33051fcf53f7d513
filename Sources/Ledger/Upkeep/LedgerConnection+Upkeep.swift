internal import PostgresKit
internal import SQLText
internal import SQLiteKit

extension LedgerConnection {
    var isSQLite: Bool { self.sqlite != nil }

    /// Runs `body` as one transaction; all of it is durable afterwards, or none of it happened.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        switch self.store {
        case .sqlite(let connection): try connection.committing(body)
        case .postgres(let session): try session.transaction(.none, body)
        }
    }

    /// Lets `body` read one state of the whole store, whatever is written meanwhile.
    func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        switch self.store {
        case .sqlite(let connection): try connection.reading(body)
        case .postgres(let session): try session.snapshot(body)
        }
    }

    /// Runs a statement that answers nothing.
    func execute(_ sql: SQL) throws {
        try self.prepare(sql).run()
    }

    /// Runs what may fail without harm to the transaction around it.
    ///
    /// - Parameter body: Statements.
    /// - Returns: What the server said; `nil` when it went well.
    /// - Throws: What came of a connection that is gone.
    func complaint(about body: () throws -> Void) throws -> PostgresError? {
        guard case .postgres(let session) = self.store else {
            try body()
            return nil
        }
        do {
            try session.isolated {
                try body()
                try session.connection.synchronize()
            }
            return nil
        } catch let error as PostgresError where !session.connection.isBroken {
            return error
        }
    }
}

extension SQLiteConnection {
    fileprivate func committing<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            // An interrupted BEGIN may have begun all the same, hence inside.
            try self.begin()
            let value = try body()
            try self.commit()
            return value
        } catch {
            // The first error says more than a second one while cleaning up after it.
            try? self.rollBack()
            throw error
        }
    }

    fileprivate func reading<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            try self.prepare("BEGIN").run()
            let value = try body()
            try self.commit()
            return value
        } catch {
            // As above.
            try? self.rollBack()
            throw error
        }
    }
}

extension PostgresSession {
    private static let beginning: SQL = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    /// Reading whole tables is not what the ledger's own statements are told to do, and takes its time.
    private static let habits: SQL = """
        SELECT set_config('enable_seqscan', 'on', true), set_config('statement_timeout', '0', true),
            set_config('idle_in_transaction_session_timeout', '0', true)
        """
    private static let ending: SQL = "COMMIT"
    private static let withdrawal: SQL = "ROLLBACK"

    fileprivate func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        let former = self.connection.patience
        self.connection.patience = .seconds(86_400)
        defer { self.connection.patience = former }
        do {
            try self.tell(Self.beginning)
            try self.tell(Self.habits)
            let value = try body()
            try self.tell(Self.ending)
            try self.connection.synchronize()
            return value
        } catch {
            // The first error says more than a second one; a connection that cannot be cleaned up is thrown away.
            try? self.connection.synchronize()
            try? self.tell(Self.withdrawal)
            try? self.connection.synchronize()
            throw error
        }
    }
}
