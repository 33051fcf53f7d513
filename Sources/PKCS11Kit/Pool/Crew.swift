/// Those who use a token: its threads, and whoever holds the pool itself.
///
/// When the last one has left, the token is given up.
final class Crew: Sendable {
    private struct State {
        /// The pool is the first.
        var members = 1
        var isGone = false
    }

    private let state = Guarded(State())
    private let onEnd: @Sendable () -> Void

    /// - Parameter onEnd: What to do when the last one has left, on his thread.
    init(onEnd: @escaping @Sendable () -> Void) {
        self.onEnd = onEnd
    }

    /// Starts a thread that is one of them until `body` returns.
    ///
    /// - Throws: ``PKCS11Error`` of kind `refused` when the system gives no more threads.
    func start(_ body: @escaping @Sendable () -> Void) throws(PKCS11Error) {
        self.state.withLock { $0.members += 1 }
        do throws(PKCS11Error) {
            try Threads.start {
                body()
                self.leave()
            }
        } catch {
            self.leave()
            throw error
        }
    }

    func leave() {
        let isLast = self.state.withLock { state in
            state.members -= 1
            return state.members == 0
        }
        guard isLast else { return }
        self.onEnd()
        self.state.withLock { $0.isGone = true }
        self.state.broadcast()
    }

    /// Waits until all have left and what follows is done; not from a thread of the cooperative pool.
    ///
    /// - Returns: Whether they have, at the deadline at the latest.
    func waitForEnd(before deadline: ContinuousClock.Instant) -> Bool {
        self.state.wait(until: deadline) { $0.isGone ? true : nil } ?? false
    }
}
