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
    private static let ending: SQL = "COMMIT"
    private static let withdrawal: SQL = "ROLLBACK"

    fileprivate func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            try self.tell(Self.beginning, [])
            let value = try body()
            try self.tell(Self.ending, [])
            try self.connection.synchronize()
            return value
        } catch {
            // The first error says more than a second one; the server takes a read-only transaction back by itself.
            try? self.connection.synchronize()
            try? self.tell(Self.withdrawal, [])
            try? self.connection.synchronize()
            throw error
        }
    }
}

extension LedgerConnection {
    private static let mark: SQL = "SAVEPOINT attempt"
    private static let takeBack: SQL = "ROLLBACK TO SAVEPOINT attempt"
    private static let release: SQL = "RELEASE SAVEPOINT attempt"

    /// Runs what may fail without harm to the transaction around it.
    ///
    /// - Returns: What the server said; `nil` when it went well.
    func complaint(about body: () throws -> Void) throws -> String? {
        guard case .postgres(let session) = self.store else {
            try body()
            return nil
        }
        try session.tell(Self.mark, [])
        try session.connection.synchronize()
        do {
            try body()
            try session.tell(Self.release, [])
            try session.connection.synchronize()
            return nil
        } catch let error as PostgresError {
            guard !session.connection.isBroken else { throw error }
            // Its error is the one that is at hand already.
            try? session.connection.synchronize()
            try session.tell(Self.takeBack, [])
            try session.connection.synchronize()
            return "\(error)"
        }
    }
}
