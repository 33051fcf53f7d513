internal import Synchronization

/// Wakes everybody who waits for new events.
package final class FeedSignal: Sendable {
    /// Somebody who waits.
    struct Waiter: Sendable {
        fileprivate let number: Int
        /// One element for each time that there may be something new; ends with ``end()``.
        let news: AsyncStream<Void>
        fileprivate let continuation: AsyncStream<Void>.Continuation

        /// Ends the wait.
        func end() { self.continuation.finish() }
    }

    private struct State {
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextNumber = 0
    }

    private let most: Int
    private let state = Mutex(State())

    /// - Parameter most: Who may wait at once.
    package init(most: Int = 256) {
        self.most = most
    }

    /// Tells everybody who waits.
    package func ring() {
        for waiter in self.state.withLock({ Array($0.waiters.values) }) { waiter.yield() }
    }

    /// Whether anybody waits.
    package var isWaitedFor: Bool { self.state.withLock { !$0.waiters.isEmpty } }

    /// What rings from now on is heard, however late the waiter listens.
    ///
    /// - Returns: `nil` when too many wait already.
    func enter() -> Waiter? {
        let (news, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { state -> Int? in
            guard state.waiters.count < self.most else { return nil }
            state.nextNumber += 1
            state.waiters[state.nextNumber] = continuation
            return state.nextNumber
        }
        return number.map { Waiter(number: $0, news: news, continuation: continuation) }
    }

    func leave(_ waiter: Waiter) {
        self.state.withLock { $0.waiters[waiter.number] = nil }
    }
}
