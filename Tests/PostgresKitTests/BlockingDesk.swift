internal import Dispatch

/// Runs what blocks on a thread of its own, inside the task that asks for it.
///
/// The cooperative pool has a thread per core, and tests that block them all would wait for each other.
actor BlockingDesk {
    private final class Thread: SerialExecutor {
        private let queue = DispatchQueue(label: "test")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            self.queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }

    private nonisolated let thread = Thread()
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.thread.asUnownedSerialExecutor() }

    private func perform<Value: Sendable>(_ body: @Sendable () throws -> Value) rethrows -> Value { try body() }

    static func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async rethrows -> Value {
        try await BlockingDesk().perform(body)
    }
}
