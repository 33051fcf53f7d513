internal import EnrollmentCore
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
    let time: PostgresLedgerSettings.Time
    private var statements: [UInt: PostgresStatement] = [:]
    /// Questions on their way; each is good for one answer.
    private var foreseen: [Question: PostgresTicket] = [:]
    private var isForeseeing = false
    /// Kept, so that nothing else gets the address by which the connection knows them.
    var examined: [PostgresStatement] = []
    private var isInTransaction = false
    private var isLogLocked = false
    /// What everybody is told anyway once this transaction is committed.
    private var told: Set<StoreChange> = []

    init(_ connection: PostgresConnection, time: PostgresLedgerSettings.Time = .database) {
        self.connection = connection
        self.time = time
    }

    /// What was asked so far, in PostgreSQL's words, and the types of its parameters.
    private(set) var known: [String: [PostgresType]] = [:]

    private func send(_ sql: SQL, _ parameters: [PostgresValue]) throws(PostgresError) -> PostgresTicket {
        if let known = self.statements[sql.address] { return try self.connection.send(known, parameters) }
        let statement = PostgresStatement(sql, text: SQLDialect.postgres(sql))
        self.statements[sql.address] = statement
        self.known[statement.text] = parameters.map(\.type)
        return try self.connection.send(statement, parameters)
    }

    // MARK: Asking

    /// Sends what the questions ask and lets none of them see a row.
    func foresee(_ questions: [() throws -> Void]) throws {
        self.isForeseeing = true
        defer { self.isForeseeing = false }
        for question in questions { try question() }
    }

    /// Outside of a transaction each question ends the work under way with the same message: the server must not be left
    /// in the middle of something, and nobody waits a second time to tell it so.
    ///
    /// - Returns: `nil` while questions are only being foreseen.
    func ask(_ sql: SQL, _ parameters: [PostgresValue]) throws -> PostgresRows? {
        let question = Question(statement: sql.address, parameters: parameters)
        if self.isForeseeing {
            if self.foreseen[question] == nil {
                self.foreseen[question] = try self.send(sql, parameters)
            }
            return nil
        }
        let ticket =
            if let known = self.foreseen.removeValue(forKey: question) {
                known
            } else {
                try self.send(sql, parameters)
            }
        if !self.isInTransaction { try self.connection.synchronizeKeepingAnswers() }
        return try self.connection.rows(for: ticket)
    }

    /// Queues a statement whose rows do not matter.
    func tell(_ sql: SQL, _ parameters: [PostgresValue] = []) throws {
        _ = try self.send(sql, parameters)
    }

    // MARK: Transactions

    /// Each statement sees what was committed before it began: after the locks, that is.
    private static let beginning: SQL = "BEGIN ISOLATION LEVEL READ COMMITTED"
    private static let commitment: SQL = "COMMIT"
    private static let withdrawal: SQL = "ROLLBACK"

    /// Runs `body` as one transaction; what it left unanswered goes along with the commit.
    ///
    /// - Parameters:
    ///   - locks: Taken before anything else, and not waited for.
    ///   - body: Reads and writes.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` threw, nothing is left of it then; ``CommitFailure`` when the commit did not succeed or its
    ///   outcome is not known.
    func transaction<Value>(_ locks: LockPlan, _ body: () throws -> Value) throws -> Value {
        self.isInTransaction = true
        self.isLogLocked = false
        self.told = []
        defer {
            self.isInTransaction = false
            self.foreseen = [:]
        }
        let value: Value
        do {
            try self.tell(Self.beginning)
            try self.lock(locks)
            value = try body()
        } catch {
            self.withdraw()
            throw error
        }
        do {
            // Also queueing it may send it, and lose the connection doing so.
            try self.tell(Self.commitment)
            try self.connection.synchronize()
        } catch let error as PostgresError {
            self.withdraw()
            throw CommitFailure(error)
        }
        return value
    }

    /// Takes back what is under way.
    ///
    /// Whoever asked for it has an error that says more than a second one while cleaning up; a connection that cannot be
    /// cleaned up is broken, and the server takes its transaction back.
    private func withdraw() {
        do {
            try self.tell(Self.withdrawal)
            try self.connection.synchronize()
        } catch {
            // What failed before kept the server from hearing of it; now it listens again.
            guard !self.connection.isBroken else { return }
            try? self.connection.synchronize()
            try? self.tell(Self.withdrawal)
            try? self.connection.synchronize()
        }
    }

    /// Runs reads that need no transaction.
    func reading<Value>(_ body: () throws -> Value) throws -> Value {
        defer { self.foreseen = [:] }
        do {
            return try body()
        } catch {
            // As above.
            try? self.connection.synchronize()
            throw error
        }
    }

    private static let mark: SQL = "SAVEPOINT mark"
    private static let release: SQL = "RELEASE SAVEPOINT mark"
    private static let takeBack: SQL = "ROLLBACK TO SAVEPOINT mark"

    /// Does the work for real and takes it back.
    func rehearsal<Value>(_ body: () throws -> Value) throws -> Value {
        try self.tell(Self.mark)
        let value = try body()
        try self.unwind()
        return value
    }

    /// Does the work so that its failure takes back nothing but itself.
    ///
    /// - Throws: What `body` threw; the transaction carries on unless the connection is broken.
    func isolated<Value>(_ body: () throws -> Value) throws -> Value {
        try self.tell(Self.mark)
        do {
            let value = try body()
            try self.tell(Self.release)
            return value
        } catch {
            guard !self.connection.isBroken else { throw error }
            // Throws again what is being thrown already.
            try? self.connection.synchronize()
            try self.unwind()
            throw error
        }
    }

    /// Locks taken since the mark are given back with everything else.
    private func unwind() throws {
        self.isLogLocked = false
        self.told = []
        try self.tell(Self.takeBack)
        try self.tell(Self.release)
    }

    // MARK: Among other processes

    private static let logLock: SQL = "SELECT pg_advisory_xact_lock(4, 0)"

    /// Makes whoever writes to the log of revocations next wait until this transaction has ended.
    ///
    /// Numbers are given before they can be seen: without it, a lower one could appear behind whoever follows the log.
    func lockRevocationLog() throws {
        guard !self.isLogLocked else { return }
        self.isLogLocked = true
        try self.tell(Self.logLock)
    }

    private static let notice: SQL = "SELECT pg_notify('gatehouse', ?1)"

    /// Tells everybody who listens, once this transaction is committed.
    func notify(_ change: StoreChange) throws {
        guard self.told.insert(change).inserted else { return }
        try self.tell(Self.notice, [.text(change.rawValue)])
    }

    private static let clock: SQL = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

    /// The time that holds for all processes.
    func present(_ now: Timestamp) throws -> Timestamp {
        guard self.time == .database, let rows = try self.ask(Self.clock, []) else { return now }
        return Timestamp(microseconds: rows.integer(0, 0))
    }
}

/// A commit that did not succeed, or of which nobody knows whether it did.
struct CommitFailure: Error {
    let cause: PostgresError

    init(_ cause: PostgresError) {
        self.cause = cause
    }

    /// Whether the server may have committed: the connection went before it could tell.
    var isUndecided: Bool {
        self.cause.endedConnection || self.cause.kind == .connectionLost || self.cause.kind == .deadlinePassed
    }
}
