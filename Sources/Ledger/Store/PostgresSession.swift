internal import PostgresKit
internal import SQLText

/// A PostgreSQL connection with what the ledger keeps beside it: its statements in PostgreSQL's words, and the answers
/// that were asked ahead.
///
/// Confined to the thread that owns the connection.
final class PostgresSession {
    /// What a statement asks.
    private struct Question: Hashable {
        let statement: UInt
        let parameters: [PostgresValue]
    }

    let connection: PostgresConnection
    private var statements: [UInt: PostgresStatement] = [:]
    /// Questions on their way; each is good for one answer.
    private var foreseen: [Question: PostgresTicket] = [:]
    private(set) var isForeseeing = false

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    func statement(_ sql: SQL) -> PostgresStatement {
        if let known = self.statements[sql.address] { return known }
        let statement = PostgresStatement(sql, text: SQLDialect.postgres(sql))
        self.statements[sql.address] = statement
        return statement
    }

    // MARK: Asking

    /// Sends what the questions ask and lets none of them see a row.
    func foresee(_ questions: [() throws -> Void]) throws {
        self.isForeseeing = true
        defer { self.isForeseeing = false }
        for question in questions { try question() }
    }

    /// - Returns: `nil` while questions are only being foreseen.
    func ask(_ sql: SQL, _ parameters: [PostgresValue]) throws -> PostgresRows? {
        let question = Question(statement: sql.address, parameters: parameters)
        if self.isForeseeing {
            if self.foreseen[question] == nil {
                self.foreseen[question] = try self.connection.send(self.statement(sql), parameters)
            }
            return nil
        }
        if let ticket = self.foreseen.removeValue(forKey: question) { return try self.connection.rows(for: ticket) }
        return try self.connection.rows(for: self.connection.send(self.statement(sql), parameters))
    }

    func tell(_ sql: SQL, _ parameters: [PostgresValue]) throws {
        _ = try self.connection.send(self.statement(sql), parameters)
    }

    // MARK: Transactions

    private static let beginning: SQL = "BEGIN"
    private static let commitment: SQL = "COMMIT"
    private static let withdrawal: SQL = "ROLLBACK"

    /// Runs `body` as one transaction; what it left unanswered goes along with the commit.
    ///
    /// - Throws: What `body` threw, nothing is left of it then; ``CommitFailure`` when the commit did not succeed or its
    ///   outcome is not known.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        let value: Value
        do {
            try self.tell(Self.beginning, [])
            value = try body()
        } catch {
            self.foreseen = [:]
            // The first error says more than a second one while cleaning up after it; a connection that cannot even be
            // cleaned up is broken, and the server takes its transaction back.
            try? self.connection.synchronize()
            try? self.withdraw()
            throw error
        }
        self.foreseen = [:]
        do {
            try self.tell(Self.commitment, [])
            try self.connection.synchronize()
        } catch let error as PostgresError {
            try? self.withdraw()
            throw CommitFailure(error)
        }
        return value
    }

    private func withdraw() throws {
        guard !self.connection.isBroken else { return }
        try self.tell(Self.withdrawal, [])
        try self.connection.synchronize()
    }

    /// Runs reads that need no transaction.
    func reading<Value>(_ body: () throws -> Value) throws -> Value {
        let value: Value
        do {
            value = try body()
        } catch {
            self.foreseen = [:]
            // As above.
            try? self.connection.synchronize()
            throw error
        }
        self.foreseen = [:]
        try self.connection.synchronize()
        return value
    }

    private static let mark: SQL = "SAVEPOINT mark"
    private static let release: SQL = "RELEASE SAVEPOINT mark"
    private static let takeBack: SQL = "ROLLBACK TO SAVEPOINT mark"

    /// Does the work for real and takes it back.
    func rehearsal<Value>(_ body: () throws -> Value) throws -> Value {
        try self.tell(Self.mark, [])
        let value = try body()
        try self.tell(Self.takeBack, [])
        try self.tell(Self.release, [])
        return value
    }
}

/// A commit that did not succeed, or of which nobody knows whether it did.
struct CommitFailure: Error {
    let cause: PostgresError

    init(_ cause: PostgresError) {
        self.cause = cause
    }

    /// Whether the server may have committed: the connection went before it could tell.
    var isUndecided: Bool { self.cause.kind == .connectionLost || self.cause.kind == .deadlinePassed }
}
