internal import Dispatch
internal import Synchronization

/// A bounded number of connections, each on a thread of its own, lent to one caller at a time.
///
/// Callers are served in the order in which they came. A connection that is lost is replaced when the place is next
/// needed. While the server cannot be reached, one caller at a time tries to connect, with pauses that grow to a second,
/// and the others fail at once with the reason.
public final class PostgresPool<Session>: Sendable {
    private typealias State = PoolState<PoolMember<Session>>

    private let source: PoolSource<Session>
    private let waitTimeout: Duration
    private let state: Mutex<State>
    private let isTimed = Atomic(false)

    /// Connects to nothing yet.
    ///
    /// - Parameters:
    ///   - size: How many connections at most.
    ///   - waitTimeout: How long a caller waits for one; also how long an idle one may take for a sign of life when
    ///     another was lost.
    ///   - longestQueue: How many callers may wait.
    ///   - open: Makes a connection; runs on a member's thread, as does `session`.
    ///   - session: Makes what callers get to see of it, and keeps statements or whatever else belongs to one connection.
    public init(
        size: Int,
        waitTimeout: Duration = .seconds(2),
        longestQueue: Int = 1_000,
        open: @escaping @Sendable () throws -> PostgresConnection,
        session: @escaping @Sendable (PostgresConnection) throws -> Session
    ) {
        precondition(size > 0, "a pool has at least one place")
        self.source = PoolSource(open: open, session: session)
        self.waitTimeout = waitTimeout
        self.state = Mutex(State(members: (1...size).map(PoolMember.init(number:)), longestQueue: longestQueue))
    }

    /// How the pool is used at the moment.
    public var load: PostgresPoolLoad { self.state.withLock { $0.load } }

    /// Lends a connection's session.
    ///
    /// Afterwards the connection is synchronized and a transaction that is still open is rolled back. A caller that is
    /// cancelled stops waiting; what has begun goes on to its end.
    ///
    /// - Parameter body: Runs on the connection's thread, and may block it.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` or the making of a connection threw; ``PostgresError`` with
    ///   ``PostgresError/Kind/poolExhausted`` or ``PostgresError/Kind/poolClosed``; `CancellationError`.
    public func withConnection<Value: Sendable>(
        _ body: @Sendable (inout Session) throws -> Value
    ) async throws -> Value {
        let deadline = ContinuousClock.now + self.waitTimeout
        var hadPlace = false
        while true {
            let grant = try await self.acquire(before: deadline, isFirst: hadPlace)
            if let run = try await self.use(grant, body) { return try run.get() }
            // One place after the other may turn out to be of no use.
            guard ContinuousClock.now < deadline else { throw PostgresError.waitedTooLong }
            hadPlace = true
        }
    }

    /// Ends all connections once nobody uses them any more; nobody gets one from now on.
    public func close() async {
        self.perform { $0.close() }
        // A member does one thing after the other: this waits for what it is at.
        for member in self.state.withLock({ $0.members }) { await member.close() }
    }

    private func use<Value: Sendable>(
        _ grant: State.Grant,
        _ body: @Sendable (inout Session) throws -> Value
    ) async throws -> Result<Value, any Error>? {
        let (member, generation): (PoolMember<Session>, Int)
        switch grant {
        case .connected(let connected, let present): (member, generation) = (connected, present)
        case .vacant(let vacant, let present):
            (member, generation) = (vacant, present)
            do {
                try await member.open(self.source, generation: generation)
            } catch {
                self.perform { $0.failedToOpen(member, error, at: .now) }
                throw error
            }
            self.perform { $0.opened(at: .now) }
        }
        let run = await member.run(generation: generation, patience: self.waitTimeout, body)
        if self.state.withLock({ $0.isClosed }) { await member.close() }
        self.perform { $0.giveBack(member, isConnected: run?.isKept ?? false, at: .now) }
        return run?.outcome
    }

    private func acquire(before deadline: ContinuousClock.Instant, isFirst: Bool) async throws -> State.Grant {
        if let grant = self.state.withLock({ $0.grant(at: .now, isFirst: isFirst) }) { return grant }
        let number = self.state.withLock { $0.number() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiter = State.Waiter(number: number, deadline: deadline, continuation: continuation)
                self.perform { $0.enqueue(waiter, at: .now, isFirst: isFirst) }
                // It may have been cancelled before it was there to be found.
                if Task.isCancelled { self.perform { $0.cancel(number) } }
                self.watchDeadlines()
            }
        } onCancel: {
            self.perform { $0.cancel(number) }
        }
    }

    private func perform(_ change: (inout State) -> [State.Call]) {
        for call in self.state.withLock({ change(&$0) }) { call.make() }
    }

    /// One timer for all who wait: they wait equally long, so the first has the first deadline.
    private func watchDeadlines() {
        guard let deadline = self.state.withLock({ $0.firstDeadline }) else { return }
        guard !self.isTimed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(left.milliseconds + 1))) {
            [weak self] in
            guard let self else { return }
            self.isTimed.store(false, ordering: .sequentiallyConsistent)
            self.perform { $0.expire(at: .now) }
            self.watchDeadlines()
        }
    }
}

extension PostgresPool where Session == PostgresConnection {
    /// Connects to nothing yet; callers get the connections themselves.
    ///
    /// - Parameters:
    ///   - size: How many connections at most.
    ///   - waitTimeout: How long a caller waits for one.
    ///   - longestQueue: How many callers may wait.
    ///   - open: Makes a connection; runs on a member's thread.
    public convenience init(
        size: Int,
        waitTimeout: Duration = .seconds(2),
        longestQueue: Int = 1_000,
        open: @escaping @Sendable () throws -> PostgresConnection
    ) {
        self.init(size: size, waitTimeout: waitTimeout, longestQueue: longestQueue, open: open) { $0 }
    }
}

/// How a pool is used at one moment.
public struct PostgresPoolLoad: Hashable, Sendable {
    public let size: Int
    /// Places that are lent, or being connected.
    public let busy: Int
    /// Connections that wait for somebody to use them.
    public let connected: Int
    /// Callers that wait for a place.
    public let waiting: Int
}
