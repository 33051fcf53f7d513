internal import Dispatch
internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import Synchronization

/// Writes what nobody waits for: a little later, many in one transaction, and again while the server is away.
///
/// It has a connection of its own, while there is something to write and a little longer.
///
/// Unchecked, because `session` and `lastUse` are touched on the serial `queue` only; all else is constant or locked.
final class PostgresBacklog: @unchecked Sendable {
    typealias Record = @Sendable (LedgerConnection) throws -> Void

    private struct State {
        var waiting: [Record] = []
        var isFlushPlanned = false
        var isClosed = false
        var dropped = 0
        /// How often in a row the server did not take what waits.
        var postponements = 0
    }

    /// How many share a transaction.
    private static let largestGroup = 64
    /// Seconds after which a connection that nobody needs is given back.
    private static let idleTime = 20

    private let settings: PostgresLedgerSettings
    private let logger: Logger
    private let queue = DispatchQueue(label: "ledger.backlog")
    private let state = Mutex(State())
    private let opened = Atomic<Int>(0)
    private var session: PostgresSession?
    private var lastUse = ContinuousClock.now

    init(_ settings: PostgresLedgerSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Whether the server did not take what waits when it was last tried.
    var isPostponing: Bool { self.state.withLock { $0.postponements > 0 } }

    /// How many connections it has opened.
    var connections: Int { self.opened.load(ordering: .relaxed) }

    func add(_ record: @escaping Record) {
        let (dropped, plans) = self.state.withLock { state -> (Int?, Bool) in
            guard !state.isClosed, state.waiting.count < self.settings.longestBacklog else {
                state.dropped += 1
                return (state.dropped, false)
            }
            state.waiting.append(record)
            defer { state.isFlushPlanned = true }
            return (nil, !state.isFlushPlanned)
        }
        if let dropped, dropped.nonzeroBitCount == 1 {
            self.logger.warning("records without a waiting caller were dropped", metadata: ["dropped": "\(dropped)"])
        }
        if plans { self.planFlush(after: self.settings.flushDelay) }
    }

    private func planFlush(after milliseconds: Int) {
        self.queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { self.flush() }
    }

    /// Writes what waits if the server lets it, and refuses what comes later.
    func close() async {
        self.state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            self.queue.async {
                self.flush()
                self.letGo()
                let lost = self.state.withLock { $0.waiting.count }
                if lost > 0 { self.logger.error("records were lost", metadata: ["count": "\(lost)"]) }
                continuation.resume()
            }
        }
    }

    // MARK: On the queue

    private func flush() {
        self.state.withLock { $0.isFlushPlanned = false }
        guard self.state.withLock({ !$0.waiting.isEmpty }) else { return }
        let session: PostgresSession
        do throws(PostgresError) {
            session = try self.connected()
        } catch {
            return self.postpone([], because: .ledger(error))
        }
        // What comes while it writes goes along.
        while true {
            let records = self.state.withLock { state in
                let first = Array(state.waiting.prefix(Self.largestGroup))
                state.waiting.removeFirst(first.count)
                return first
            }
            guard !records.isEmpty else { break }
            if let failure = self.write(records, session) { return self.postpone(records, because: failure) }
        }
        self.state.withLock { $0.postponements = 0 }
        self.lastUse = .now
        self.queue.asyncAfter(deadline: .now() + .seconds(Self.idleTime)) {
            if ContinuousClock.now - self.lastUse >= .seconds(Self.idleTime) { self.letGo() }
        }
    }

    private func connected() throws(PostgresError) -> PostgresSession {
        if let session, !session.connection.isStranded { return session }
        self.letGo()
        let session = try PostgresSession.open(self.settings)
        self.opened.add(1, ordering: .relaxed)
        self.session = session
        return session
    }

    private func letGo() {
        self.session?.connection.close()
        self.session = nil
    }

    /// - Returns: Why the server did not take them; `nil` when it did, but for those that it never will.
    private func write(_ records: [Record], _ session: PostgresSession) -> EnrollmentError? {
        let target = LedgerConnection(session)
        var refusals: [any Error] = []
        do {
            try session.transaction(.none) {
                for record in records {
                    do {
                        try session.isolated { try record(target) }
                    } catch  where !session.connection.isBroken && !Self.mayPass(error) {
                        refusals.append(error)
                    }
                }
            }
        } catch {
            return .ledger(error)
        }
        for refusal in refusals {
            self.logger.warning("a record was not written", metadata: ["error": "\(String(reflecting: refusal))"])
        }
        return nil
    }

    /// Whether the same record may be taken later: a full disk is not its fault.
    private static func mayPass(_ error: any Error) -> Bool {
        EnrollmentError.ledger(error).code == .inMaintenance
    }

    /// Keeps what nobody waits for until the server works again, within the backlog's bound.
    private func postpone(_ records: [Record], because failure: EnrollmentError) {
        let (plans, times) = self.state.withLock { state -> (Bool, Int) in
            state.postponements += 1
            let room = max(0, self.settings.longestBacklog - state.waiting.count)
            state.dropped += max(0, records.count - room)
            state.waiting.insert(contentsOf: records.prefix(room), at: 0)
            defer { state.isFlushPlanned = true }
            return (!state.isFlushPlanned && !state.isClosed, state.postponements)
        }
        // A server may be away for hours.
        if times.nonzeroBitCount == 1 {
            self.logger.warning(
                "records are postponed",
                metadata: ["times": "\(times)", "error": "\(String(reflecting: failure))"]
            )
        }
        if plans { self.planFlush(after: 1_000) }
    }
}
