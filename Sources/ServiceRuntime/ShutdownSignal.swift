internal import Synchronization

/// A latch: raised once, observed by any number of tasks, never lowered.
///
/// A cancelled waiter stays listed until the signal, so wait once per service, not once per request.
public final class ShutdownSignal: Sendable {
    private enum State {
        case quiet([AsyncStream<Never>.Continuation])
        case raised
    }

    private let state = Mutex(State.quiet([]))

    public init() {}

    /// Whether ``raise()`` was called.
    public var isRaised: Bool {
        self.state.withLock { state in
            if case .raised = state { true } else { false }
        }
    }

    /// Tells every waiter, now and later; a second call does nothing.
    public func raise() {
        let waiters = self.state.withLock { state -> [AsyncStream<Never>.Continuation] in
            guard case .quiet(let waiters) = state else { return [] }
            state = .raised
            return waiters
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Returns when the signal is raised or the waiting task is cancelled, whichever comes first.
    ///
    /// Ignoring cancellation here would hang the group whose sibling has just thrown.
    public func wait() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        self.state.withLock { state in
            guard case .quiet(let waiters) = state else { return continuation.finish() }
            state = .quiet(waiters + [continuation])
        }
        for await _ in stream {}
    }
}
