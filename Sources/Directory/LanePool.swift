internal import EnrollmentCore
internal import Synchronization

/// Hands out lanes to one verification each, and bounds how many wait for one.
///
/// No timer watches the queue: whoever holds a lane gives it back by its own deadline, and everybody ahead in the queue
/// has an earlier one, so a waiter hears by its deadline, too.
final class LanePool: Sendable {
    private struct Waiter {
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<DirectoryLane?, Never>
    }

    private struct State {
        /// The most recently used lane is last: its connections are the least likely to be stale.
        var idle: [DirectoryLane]
        var waiters: [Waiter] = []
    }

    private enum Admission {
        case lane(DirectoryLane)
        case queued
        case full
    }

    private let waiterLimit: Int
    private let state: Mutex<State>

    init(_ lanes: [DirectoryLane], waiterLimit: Int) {
        self.waiterLimit = waiterLimit
        self.state = Mutex(State(idle: lanes))
    }

    /// Runs `body` with a lane of its own.
    ///
    /// - Throws: What `body` throws; ``EnrollmentError`` with code `inMaintenance` when too many wait already, or no lane
    ///   came free in time.
    func withLane<Value: Sendable>(
        before deadline: ContinuousClock.Instant,
        _ body: (DirectoryLane) async throws(EnrollmentError) -> Value
    ) async throws(EnrollmentError) -> Value {
        let lane = try await self.take(before: deadline)
        defer { self.giveBack(lane) }
        return try await body(lane)
    }

    private func take(before deadline: ContinuousClock.Instant) async throws(EnrollmentError) -> DirectoryLane {
        if let lane = self.state.withLock({ state in state.idle.popLast() }) { return lane }
        var isFull = false
        let lane = await withCheckedContinuation { continuation in
            let admission = self.state.withLock { state -> Admission in
                if let lane = state.idle.popLast() { return .lane(lane) }
                guard state.waiters.count < self.waiterLimit else { return .full }
                state.waiters.append(Waiter(deadline: deadline, continuation: continuation))
                return .queued
            }
            switch admission {
            case .lane(let lane): continuation.resume(returning: lane)
            case .queued: break
            case .full:
                isFull = true
                continuation.resume(returning: nil)
            }
        }
        guard let lane else { throw self.overloaded(isFull: isFull) }
        return lane
    }

    private func giveBack(_ lane: DirectoryLane) {
        let now = ContinuousClock.now
        let (next, late) = self.state.withLock { state -> (Waiter?, ArraySlice<Waiter>) in
            let firstInTime = state.waiters.firstIndex { $0.deadline > now } ?? state.waiters.endIndex
            let late = state.waiters[..<firstInTime]
            state.waiters.removeFirst(firstInTime)
            guard !state.waiters.isEmpty else {
                state.idle.append(lane)
                return (nil, late)
            }
            return (state.waiters.removeFirst(), late)
        }
        for waiter in late { waiter.continuation.resume(returning: nil) }
        next?.continuation.resume(returning: lane)
    }

    private func overloaded(isFull: Bool) -> EnrollmentError {
        EnrollmentError(
            .inMaintenance,
            "More sign-ins arrive than the directory answers. Look at the directory's load, or allow more lanes.",
            rule: isFull ? "directory.overloaded" : "directory.queueTimeout",
            facts: [Fact("waiting allowed", "\(self.waiterLimit)")]
        )
    }
}
