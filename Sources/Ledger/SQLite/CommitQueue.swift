internal import Dispatch
internal import EnrollmentCore
internal import Logging
internal import SQLiteKit
internal import Synchronization

/// The one writer: whatever is queued while a commit is under way shares the next one.
///
/// A commit costs one `fdatasync` however much is in it, so under load the disk is asked once for many enrollments;
/// with nothing else queued an operation is committed at once. Each has its own savepoint and its own outcome. A
/// failed commit fails all that shared it.
///
/// Unchecked, because `connection` is touched on the serial `queue` only; everything else is constant or locked.
final class CommitQueue: @unchecked Sendable {
    private struct State {
        var waiting: [any QueuedOperation] = []
        var deferred: [DeferredOperation] = []
        var isDraining = false
        var isFlushPlanned = false
        var isClosed = false
        var dropped = 0
        /// How often in a row the store did not take what is deferred.
        var postponements = 0
    }

    /// What nobody waits for and the store could not take though it took the rest.
    private struct Unwritten {
        var operations: [DeferredOperation] = []
        var reason: EnrollmentError?
    }

    private let queue: DispatchQueue
    private let state = Mutex(State())
    private let settings: LedgerSettings
    private let logger: Logger
    private var connection: SQLiteConnection?

    init(_ connection: sending SQLiteConnection, settings: LedgerSettings, logger: Logger) {
        self.connection = connection
        self.settings = settings
        self.logger = logger
        self.queue = DispatchQueue(label: "ledger.writer")
    }

    /// Runs `body` in a transaction and returns when that is durable.
    ///
    /// - Throws: What `body` threw, or why the commit did not happen; nothing of `body` is left then.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value
    ) async throws(EnrollmentError) -> Value {
        let outcome = await withCheckedContinuation { continuation in
            self.submit(AwaitedOperation(body, resuming: continuation))
        }
        return try outcome.get()
    }

    private func submit(_ operation: any QueuedOperation) {
        let (refusal, wakes) = self.state.withLock { state -> (EnrollmentError?, Bool) in
            if state.isClosed { return (.ledgerClosed, false) }
            if state.waiting.count >= self.settings.longestQueue { return (.ledgerOverloaded, false) }
            state.waiting.append(operation)
            defer { state.isDraining = true }
            return (nil, !state.isDraining)
        }
        if let refusal { return operation.conclude(refusal) }
        if wakes { self.queue.async { self.drain() } }
    }

    /// Whether the store did not take what nobody waits for when it was last tried.
    ///
    /// Its disk is full, somebody else keeps it locked, or it is broken; it is tried again every second.
    var isPostponing: Bool { self.state.withLock { $0.postponements > 0 } }

    /// Runs `body` with the next commit, or soon, without a caller that waits.
    func performEventually(_ body: @escaping @Sendable (LedgerConnection) throws -> Void) {
        let operation = DeferredOperation(body)
        let (dropped, plans) = self.state.withLock { state -> (Int?, Bool) in
            guard !state.isClosed, state.deferred.count < self.settings.longestBacklog else {
                state.dropped += 1
                return (state.dropped, false)
            }
            state.deferred.append(operation)
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

    /// Writes everything queued, lets go of the file and refuses what comes later.
    func close() async {
        self.state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            self.queue.async {
                self.drain()
                self.flush()
                let lost = self.state.withLock { $0.deferred.count }
                if lost > 0 { self.logger.error("records were lost", metadata: ["count": "\(lost)"]) }
                self.connection = nil
                continuation.resume()
            }
        }
    }

    // MARK: On the queue

    private func drain() {
        while true {
            let (operations, deferred) = self.state.withLock { state in
                guard !state.waiting.isEmpty else {
                    state.isDraining = false
                    return ([] as [any QueuedOperation], [] as [DeferredOperation])
                }
                // What the store did not take once must not take those along for whom somebody waits.
                let isAlone = self.settings.largestGroup == 1 || state.postponements > 0
                return (
                    state.waiting.takeFirst(self.settings.largestGroup),
                    isAlone ? [] : state.deferred.takeFirst(self.settings.largestGroup)
                )
            }
            if operations.isEmpty { return }
            self.commit(operations, deferred)
        }
    }

    private func flush() {
        while true {
            let deferred = self.state.withLock { state in
                state.isFlushPlanned = false
                return state.deferred.takeFirst(self.settings.largestGroup)
            }
            guard !deferred.isEmpty, self.commit([], deferred) else { return }
            self.state.withLock { $0.postponements = 0 }
        }
    }

    /// - Returns: Whether the commit happened.
    @discardableResult
    private func commit(_ operations: [any QueuedOperation], _ deferred: [DeferredOperation]) -> Bool {
        var unwritten = Unwritten()
        let failure = self.transact(operations, deferred, &unwritten)
        for operation in operations { operation.conclude(failure) }
        if let failure {
            if !deferred.isEmpty { self.postpone(deferred, because: failure) }
        } else if let reason = unwritten.reason {
            self.postpone(unwritten.operations, because: reason)
        }
        return failure == nil && unwritten.reason == nil
    }

    private func transact(
        _ operations: [any QueuedOperation],
        _ deferred: [DeferredOperation],
        _ unwritten: inout Unwritten
    ) -> EnrollmentError? {
        guard let connection = self.connection else { return .ledgerClosed }
        do throws(SQLiteError) {
            // Left open only when an earlier rollback did not succeed.
            try connection.rollBack()
            try connection.begin()
            let isAlone = operations.count == 1 && deferred.isEmpty
            for operation in operations {
                if case .lost(let error) = operation.run(on: connection, isAlone: isAlone) { return error }
            }
            for operation in deferred {
                switch operation.run(on: connection) {
                case .kept: continue
                case .lost(let error): return error
                case .takenBack(let error) where error.code == .inMaintenance:
                    // The next row may find the same: a full store is not the record's fault.
                    unwritten.operations.append(operation)
                    unwritten.reason = error
                case .takenBack(let error):
                    self.logger.warning("a record was not written", metadata: ["error": "\(String(reflecting: error))"])
                }
            }
            if connection.isInTransaction { try connection.commit() }
            return nil
        } catch {
            // What is still open is rolled back before the next transaction begins.
            try? connection.rollBack()
            return .ledger(error)
        }
    }

    /// Keeps what nobody waits for until the store works again, within the backlog's bound.
    private func postpone(_ deferred: [DeferredOperation], because failure: EnrollmentError) {
        let (plans, times) = self.state.withLock { state -> (Bool, Int) in
            state.postponements += 1
            let room = max(0, self.settings.longestBacklog - state.deferred.count)
            state.dropped += max(0, deferred.count - room)
            state.deferred.insert(contentsOf: deferred.prefix(room), at: 0)
            defer { state.isFlushPlanned = true }
            return (!state.isFlushPlanned && !state.isClosed, state.postponements)
        }
        // A store may be full for hours.
        if times.nonzeroBitCount == 1 {
            self.logger.warning(
                "records are postponed",
                metadata: ["times": "\(times)", "error": "\(String(reflecting: failure))"]
            )
        }
        if plans { self.planFlush(after: 1_000) }
    }
}

extension Array {
    fileprivate mutating func takeFirst(_ count: Int) -> [Element] {
        guard self.count > count else {
            defer { self = [] }
            return self
        }
        defer { self.removeFirst(count) }
        return Array(self.prefix(count))
    }
}

extension EnrollmentError {
    static var ledgerClosed: EnrollmentError {
        EnrollmentError(.inMaintenance, "The ledger is closed: the service is stopping.", rule: "ledger.closed")
    }

    static var ledgerReadOnly: EnrollmentError {
        EnrollmentError(.internalService, "The ledger was opened for reading alone.", rule: "ledger.readOnly")
    }

    static var ledgerOverloaded: EnrollmentError {
        EnrollmentError(
            .inMaintenance,
            "More operations wait for the database than it can take; its disk is too slow for this load.",
            rule: "ledger.overloaded"
        )
    }
}
