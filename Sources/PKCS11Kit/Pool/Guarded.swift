internal import Glibc

/// State under a lock, with a way to wait until it is as one wants it.
///
/// `Mutex` has no condition to wait for, and those who wait here are threads that are allowed to block.
final class Guarded<State>: @unchecked Sendable {  // the state is touched under the lock only
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    init(_ state: State) {
        self.state = state
        pthread_mutex_init(self.mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.state)
    }

    /// Wakes one that waits.
    func signal() {
        pthread_cond_signal(self.condition)
    }

    /// Wakes all that wait.
    func broadcast() {
        pthread_cond_broadcast(self.condition)
    }

    /// Blocks until `body` returns something, asking it again whenever somebody wakes it.
    ///
    /// - Parameters:
    ///   - deadline: When to give up; never where it is `nil`.
    ///   - body: Looks at the state, and changes it if need be.
    /// - Returns: What `body` returned; `nil` at the deadline.
    func wait<Result>(
        until deadline: ContinuousClock.Instant? = nil,
        for body: (inout State) -> Result?
    ) -> Result? {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let result = body(&self.state) { return result }
            guard let deadline else {
                pthread_cond_wait(self.condition, self.mutex)
                continue
            }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            var moment = Self.moment(after: left)
            pthread_cond_timedwait(self.condition, self.mutex, &moment)
        }
    }

    private static func moment(after duration: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(duration.components.attoseconds / 1_000_000_000)
        return timespec(
            tv_sec: now.tv_sec + Int(duration.components.seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000
        )
    }
}
