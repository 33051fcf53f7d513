/// Who has which place of a pool, who waits for one, and what is known of the server.
///
/// A value without clock or threads: whatever happens is a method that says what to do next.
struct PoolState<Member: AnyObject & Sendable> {
    typealias Instant = ContinuousClock.Instant

    /// What a caller gets.
    enum Grant: Sendable {
        /// A place whose connection was good when it was given back.
        case connected(Member, generation: Int)
        /// A place without a connection; whoever gets it connects, and says how that went.
        case vacant(Member, generation: Int)
    }

    struct Waiter: Sendable {
        let number: Int
        let deadline: Instant
        let continuation: CheckedContinuation<Grant, any Error>
    }

    /// A waiter whose wait is over; it is told outside of any lock.
    struct Call: Sendable {
        let waiter: Waiter
        let answer: Result<Grant, any Error>

        func make() { self.waiter.continuation.resume(with: self.answer) }
    }

    private struct Outage {
        let error: any Error
        let nextAttempt: Instant
        let pause: Duration
    }

    /// How many connect at the same time while the server is believed to be well.
    private static var openersAtOnce: Int { 4 }
    private static var firstPause: Duration { .milliseconds(50) }
    private static var longestPause: Duration { .seconds(1) }

    let members: [Member]
    private let longestQueue: Int
    private var connected: [Member] = []
    private var vacant: [Member]
    private var waiters: [Waiter] = []
    private var openers = 0
    private var outage: Outage?
    private(set) var isClosed = false
    /// How many connections were lost so far; a good one that is older has to prove itself.
    private var generation = 0
    private var numbers = 0

    init(members: [Member], longestQueue: Int) {
        self.members = members
        self.vacant = members
        self.longestQueue = longestQueue
    }

    private var busy: Int { self.members.count - self.connected.count - self.vacant.count }

    var load: PostgresPoolLoad {
        PostgresPoolLoad(
            size: self.members.count,
            busy: self.busy,
            connected: self.connected.count,
            waiting: self.waiters.count
        )
    }

    var firstDeadline: Instant? { self.waiters.first?.deadline }

    /// A number for a caller that will perhaps wait.
    mutating func number() -> Int {
        self.numbers += 1
        return self.numbers
    }

    /// Serves a caller that nobody waits before.
    mutating func grant(at now: Instant, isFirst: Bool) -> Grant? {
        guard !self.isClosed, isFirst || self.waiters.isEmpty else { return nil }
        if let member = self.connected.popLast() { return .connected(member, generation: self.generation) }
        let limit = self.outage == nil ? Self.openersAtOnce : 1
        guard self.openers < limit, now >= self.outage?.nextAttempt ?? now else { return nil }
        guard let member = self.vacant.popLast() else { return nil }
        self.openers += 1
        return .vacant(member, generation: self.generation)
    }

    /// Lets a caller wait; one who had a place that turned out to be of no use waits before all others.
    mutating func enqueue(_ waiter: Waiter, at now: Instant, isFirst: Bool) -> [Call] {
        if self.isClosed { return [Call(waiter: waiter, answer: .failure(PostgresError.poolClosed))] }
        if self.waiters.count >= self.longestQueue, !isFirst {
            return [Call(waiter: waiter, answer: .failure(PostgresError.tooManyWait))]
        }
        self.waiters.insert(waiter, at: isFirst ? 0 : self.waiters.count)
        return self.distribute(at: now)
    }

    /// Gives places to those who wait, the longest first.
    private mutating func distribute(at now: Instant) -> [Call] {
        var calls: [Call] = []
        while let waiter = self.waiters.first {
            if let grant = self.grant(at: now, isFirst: true) {
                self.waiters.removeFirst()
                calls.append(Call(waiter: waiter, answer: .success(grant)))
            } else if let outage, self.openers == 0, self.busy == 0 {
                // Nobody is about to give a connection back or to find the server well.
                calls += self.waiters.map { Call(waiter: $0, answer: .failure(outage.error)) }
                self.waiters = []
            } else {
                break
            }
        }
        return calls
    }

    /// A vacant place has a connection now.
    mutating func opened(at now: Instant) -> [Call] {
        self.openers -= 1
        self.outage = nil
        return self.distribute(at: now)
    }

    /// A vacant place is still vacant; the next attempt has to wait a moment, longer each time.
    mutating func failedToOpen(_ member: Member, _ error: any Error, at now: Instant) -> [Call] {
        self.openers -= 1
        self.vacant.append(member)
        let pause = self.outage.map { min($0.pause * 2, Self.longestPause) } ?? Self.firstPause
        self.outage = Outage(error: error, nextAttempt: now + pause, pause: pause)
        return self.distribute(at: now)
    }

    mutating func giveBack(_ member: Member, isConnected: Bool, at now: Instant) -> [Call] {
        if isConnected {
            self.connected.append(member)
        } else {
            self.generation += 1
            self.vacant.append(member)
        }
        return self.distribute(at: now)
    }

    /// Ends the waits that have lasted too long.
    mutating func expire(at now: Instant) -> [Call] {
        let late = self.waiters.filter { $0.deadline <= now }
        self.waiters.removeAll { $0.deadline <= now }
        return late.map { Call(waiter: $0, answer: .failure(PostgresError.waitedTooLong)) }
    }

    mutating func cancel(_ number: Int) -> [Call] {
        guard let index = self.waiters.firstIndex(where: { $0.number == number }) else { return [] }
        return [Call(waiter: self.waiters.remove(at: index), answer: .failure(CancellationError()))]
    }

    mutating func close() -> [Call] {
        self.isClosed = true
        defer { self.waiters = [] }
        return self.waiters.map { Call(waiter: $0, answer: .failure(PostgresError.poolClosed)) }
    }
}

extension PostgresError {
    fileprivate static var poolClosed: PostgresError {
        PostgresError(.poolClosed, during: "wait for a connection", message: "the pool was closed")
    }

    fileprivate static var tooManyWait: PostgresError {
        PostgresError(.poolExhausted, during: "wait for a connection", message: "too many wait already")
    }

    static var waitedTooLong: PostgresError {
        PostgresError(.poolExhausted, during: "wait for a connection", message: "none became free in time")
    }
}
