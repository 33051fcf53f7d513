/// One place in a pool: a thread, and the connection and session that live on it while there are any.
actor PoolMember<Session> {
    private nonisolated let queue: BlockingQueue
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.queue.asUnownedSerialExecutor() }

    private var connection: PostgresConnection?
    private var session: Session?
    /// The pool's count of lost connections when this one was last known to be good.
    private var generation = 0

    init(number: Int) {
        self.queue = BlockingQueue(label: "postgres.\(number)")
    }

    /// Connects anew.
    func open(_ source: PoolSource<Session>, generation: Int) throws {
        self.close()
        let connection = try source.open()
        do {
            self.session = try source.session(connection)
        } catch {
            connection.close()
            throw error
        }
        self.connection = connection
        self.generation = generation
    }

    /// Runs `body` and makes the connection fit for the next.
    ///
    /// - Parameters:
    ///   - generation: The pool's count of lost connections.
    ///   - patience: How long the server may take for a sign of life.
    ///   - body: What to do.
    /// - Returns: What came of `body`, and whether the connection can be kept; `nil` when there was none to begin with.
    func run<Value: Sendable>(
        generation: Int,
        patience: Duration,
        _ body: @Sendable (inout Session) throws -> Value
    ) -> PoolRun<Value>? {
        guard let connection, self.isUsable(connection, generation, patience), var session = self.session else {
            self.close()
            return nil
        }
        // Or writing to it would copy what it holds.
        self.session = nil
        let outcome = Result { try body(&session) }
        self.session = session
        let isKept = !connection.isBroken && connection.reset()
        if !isKept { self.close() }
        return PoolRun(outcome: outcome, isKept: isKept)
    }

    /// Whether the connection is good.
    ///
    /// Asks the kernel each time, and the server only after another member has lost its connection.
    private func isUsable(_ connection: PostgresConnection, _ generation: Int, _ patience: Duration) -> Bool {
        guard !connection.isStranded else { return false }
        guard generation != self.generation else { return true }
        let usual = connection.patience
        connection.patience = patience
        defer { connection.patience = usual }
        do throws(PostgresError) {
            try connection.ping()
        } catch {
            return false
        }
        self.generation = generation
        return true
    }

    func close() {
        self.session = nil
        self.connection?.close()
        self.connection = nil
    }
}

/// What came of a run on a member.
struct PoolRun<Value: Sendable>: Sendable {
    let outcome: Result<Value, any Error>
    let isKept: Bool
}

/// How a pool comes by what its members hold; runs on their threads.
struct PoolSource<Session>: Sendable {
    let open: @Sendable () throws -> PostgresConnection
    let session: @Sendable (PostgresConnection) throws -> Session
}
