internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import Synchronization

/// Runs reads and transactions on a pool of connections: again where others were in the way, and never guessing where
/// the outcome of a commit is not known.
final class PostgresRunner: Sendable {
    /// What came of one try.
    private enum Outcome<Value: Sendable>: Sendable {
        case done(Value)
        case refused(EnrollmentError)
        /// Nothing is left of it.
        case failed(PostgresError)
        /// The commit was asked for, and the connection went before the answer came.
        case undecided(PostgresError)
    }

    private let pool: PostgresPool<PostgresSession>
    private let settings: PostgresLedgerSettings
    private let status: PostgresStanding
    private let logger: Logger
    private let retries = Atomic<Int>(0)
    private let roundTrips = Atomic<Int>(0)
    private let transactions = Atomic<Int>(0)
    private let doubts = Atomic<Int>(0)
    private let opened = Tally()

    init(_ settings: PostgresLedgerSettings, status: PostgresStanding, logger: Logger) {
        self.settings = settings
        self.status = status
        self.logger = logger
        let kit = settings.kit
        let opened = self.opened
        self.pool = PostgresPool(
            size: max(1, settings.connections),
            waitTimeout: settings.wait,
            longestQueue: settings.longestQueue,
            open: { try PostgresConnection.open(kit) },
            session: { connection in
                opened.add()
                return try PostgresSession.make(connection, settings)
            }
        )
    }

    var figures: StoreFigures {
        var figures = StoreFigures()
        figures.retries = self.retries.load(ordering: .relaxed)
        figures.roundTrips = self.roundTrips.load(ordering: .relaxed)
        figures.transactions = self.transactions.load(ordering: .relaxed)
        figures.connections = self.opened.count
        let load = self.pool.load
        figures.poolSize = load.size
        figures.inUse = load.busy
        figures.waiting = load.waiting
        figures.doubts = self.doubts.load(ordering: .relaxed)
        return figures
    }

    func close() async {
        await self.pool.close()
    }

    // MARK: Reading

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        var tries = 1
        while true {
            let outcome = await self.attempt { session in
                try session.reading { try body(LedgerConnection(session)) }
            }
            switch outcome {
            case .done(let value): return value
            case .refused(let error): throw error
            case .failed(let error), .undecided(let error):
                guard Self.isStranded(error), tries < 3 else { throw .ledger(error) }
                try await self.pause(tries)
            }
            tries += 1
        }
    }

    // MARK: Writing

    func write<Value: Sendable>(
        _ locks: LockPlan,
        _ doubt: CommitDoubt<Value>,
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        var tries = 1
        while true {
            let outcome = await self.attempt { session in
                try session.transaction(locks) { try body(LedgerConnection(session)) }
            }
            switch outcome {
            case .done(let value):
                self.transactions.add(1, ordering: .relaxed)
                return value
            case .refused(let error): throw error
            case .undecided(let error): return try await self.settle(locks, doubt, body, error)
            case .failed(let error):
                self.status.note(error)
                guard tries < self.mostTries(after: error) else { throw .ledger(error) }
                self.retries.add(1, ordering: .relaxed)
                try await self.pause(tries)
            }
            tries += 1
        }
    }

    /// Finds out what became of a commit, and does the work again where nothing did.
    ///
    /// The same locks are taken first. Whatever the body has read was read under them, so the session that was cut off
    /// has them until its transaction has ended, one way or the other: who gets them sees what is final.
    private func settle<Value: Sendable>(
        _ locks: LockPlan,
        _ doubt: CommitDoubt<Value>,
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value,
        _ cause: PostgresError
    ) async throws(EnrollmentError) -> Value {
        self.doubts.add(1, ordering: .relaxed)
        self.logger.warning("the outcome of a commit is looked up", metadata: ["error": "\(cause)"])
        let deadline = ContinuousClock.now + self.settings.doubtPatience
        var tries = 1
        repeat {
            let outcome = await self.attempt { session in
                try session.transaction(locks) {
                    let connection = LedgerConnection(session)
                    if case .evidence(let find) = doubt, let found = try find(connection) { return found }
                    return try body(connection)
                }
            }
            switch outcome {
            case .done(let value):
                self.transactions.add(1, ordering: .relaxed)
                return value
            case .refused(let error): throw error
            case .undecided(let error), .failed(let error):
                self.logger.debug("the outcome is still not known", metadata: ["error": "\(error)"])
            }
            try await self.pause(tries)
            tries += 1
        } while ContinuousClock.now < deadline
        throw .undecided(cause)
    }

    /// Looks at a session itself.
    func inspect<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        switch await self.attempt(body) {
        case .done(let value): return value
        case .refused(let error): throw error
        case .failed(let error), .undecided(let error): throw .ledger(error)
        }
    }

    // MARK: Parts

    private func attempt<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresSession) throws -> Value
    ) async -> Outcome<Value> {
        do {
            return try await self.pool.withConnection { session in
                try self.judge(session.connection)
                let before = session.connection.roundTrips
                defer { self.roundTrips.add(session.connection.roundTrips - before, ordering: .relaxed) }
                return Self.outcome { try work(session) }
            }
        } catch let error as PostgresError {
            return .failed(error)
        } catch {
            return .refused(.ledger(error))
        }
    }

    /// Makes sure that all connections are to one server.
    ///
    /// Where several hosts are named, one that was opened while the primary was away may be to a standby, which has
    /// repeated less than others were told: a CRL made of both would lack what it claims to list.
    private func judge(_ connection: PostgresConnection) throws {
        guard self.status.current == .readWrite, connection.parameter(Self.standby) == "on" else { return }
        // A standby that was promoted says so with its next answer.
        try connection.ping()
        guard connection.parameter(Self.standby) == "on" else { return }
        connection.close()
        // Throws that it was closed, which asks for another.
        try connection.ping()
    }

    private static let standby = "in_hot_standby"

    private static func outcome<Value>(_ work: () throws -> Value) -> Outcome<Value> {
        do {
            return .done(try work())
        } catch let error as CommitFailure {
            return error.isUndecided ? .undecided(error.cause) : .failed(error.cause)
        } catch let error as PostgresError {
            return .failed(error)
        } catch {
            return .refused(.ledger(error))
        }
    }

    /// What others did in the same moment is found done by the same transaction once more; so a row that is in the way
    /// three times was there before.
    private func mostTries(after error: PostgresError) -> Int {
        switch error.kind {
        case .serializationFailure, .deadlock: self.settings.mostTries
        case .uniqueViolation: min(3, self.settings.mostTries)
        default: Self.isStranded(error) ? 3 : 1
        }
    }

    /// The connection is of no use any more, which says nothing of the next one.
    private static func isStranded(_ error: PostgresError) -> Bool {
        [.connectionLost, .shuttingDown, .stalePlan].contains(error.kind)
    }

    /// Waits a little longer each time, and never as long as somebody else who tries the same.
    private func pause(_ tries: Int) async throws(EnrollmentError) {
        let longest = min(1_000, 10 << min(tries, 7))
        do {
            try await Task.sleep(for: .milliseconds(Int.random(in: longest / 4...longest)))
        } catch {
            throw .ledger(error)
        }
    }
}

/// Counts from closures that outlive whoever made them.
private final class Tally: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { self.value.load(ordering: .relaxed) }

    func add() { self.value.add(1, ordering: .relaxed) }
}
