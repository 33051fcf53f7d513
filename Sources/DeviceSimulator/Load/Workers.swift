internal import Dispatch
internal import ServiceRuntime
internal import Synchronization

/// Several things at a time, each on a thread that may block, and a line about it now and then.
struct Workers: Sendable {
    let count: Int
    let shutdown: ShutdownSignal
    let progress: ProgressOutput?

    /// Calls `body` for each number below `total` until all are through or the run is told to stop.
    ///
    /// - Parameters:
    ///   - total: How many.
    ///   - line: What to show, given the seconds since the beginning.
    ///   - companion: Makes what belongs to one worker.
    ///   - body: Called with the number, and with something that belongs to its worker and stays from call to call.
    /// - Returns: Seconds it took.
    func run<Companion>(
        _ total: Int,
        line: @Sendable (Double) -> String,
        _ companion: @escaping @Sendable () -> Companion,
        _ body: @escaping @Sendable (Int, inout Companion) -> Void
    ) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let next = Counter()
        let workers = DispatchGroup()
        for number in 0..<max(1, min(self.count, total)) {
            // One queue each: queues of this kind get a thread of their own when they block.
            DispatchQueue(label: "gatehouse.simulation.\(number)").async(group: workers) {
                var mine = companion()
                while !self.shutdown.isRaised {
                    let index = next.take()
                    guard index < total else { return }
                    body(index, &mine)
                }
            }
        }
        guard let progress = self.progress else {
            workers.wait()
            return (clock.now - start).seconds
        }
        while workers.wait(timeout: .now() + .milliseconds(progress.period)) == .timedOut {
            progress.show(line((clock.now - start).seconds), isLast: false)
        }
        let seconds = (clock.now - start).seconds
        progress.show(line(seconds), isLast: true)
        return seconds
    }

    private final class Counter: Sendable {
        private let value = Atomic(0)

        func take() -> Int { self.value.add(1, ordering: .relaxed).oldValue }
    }
}

extension Duration {
    var seconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
