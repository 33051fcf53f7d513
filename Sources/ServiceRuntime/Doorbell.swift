internal import Synchronization

/// Wakes one waiting task before its time.
///
/// What rings while nobody waits is heard by the next wait, once however often it rang.
public final class Doorbell: Sendable {
    private struct State {
        var isRung = false
        var waiter: AsyncStream<Never>.Continuation?
        /// Counts waits.
        var turn = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Ends the present wait, or the next one at once.
    public func ring() {
        let waiter = self.state.withLock { state -> AsyncStream<Never>.Continuation? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.finish()
    }

    /// Returns when it rings, after `pause`, or when the task is cancelled.
    ///
    /// One task at a time: a second one takes the first one's place, which waits until its time then.
    public func wait(atMost pause: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            // A cancelled sleep is the end of the wait, which is all it is for.
            group.addTask { try? await Task.sleep(for: pause) }
            group.addTask { await self.next() }
            await group.next()
            group.cancelAll()
        }
    }

    private func next() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        let turn = self.state.withLock { state in
            state.turn += 1
            if state.isRung {
                state.isRung = false
                continuation.finish()
            } else {
                state.waiter = continuation
            }
            return state.turn
        }
        for await _ in stream {}
        // Nobody listens any more; a ring from now on is for the next wait.
        self.state.withLock { state in
            if state.turn == turn { state.waiter = nil }
        }
    }
}

extension Service {
    /// As ``repeatedly(every:until:_:)``, and sooner whenever the bell rings.
    public func repeatedly(
        every pause: Duration,
        orWhen bell: Doorbell,
        until shutdown: ShutdownSignal,
        _ round: @escaping @Sendable () async -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    await round()
                    await bell.wait(atMost: pause)
                }
            }
            await shutdown.wait()
            group.cancelAll()
        }
    }
}
