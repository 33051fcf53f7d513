internal import Dispatch

/// Runs one actor's work in order on a thread that is allowed to block.
///
/// The cooperative pool has as many threads as the machine has cores; a slow `fsync` or LDAP bind there would stall
/// unrelated requests. An actor over a blocking C library names one of these as its executor instead.
public final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// - Parameter label: Names the queue in a debugger and a core dump.
    public init(label: String) {
        self.queue = DispatchQueue(label: label)
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(self.queue))
    }
}
