internal import Dispatch
internal import ServiceRuntime
internal import Synchronization

/// Makes on all processors, before the clock starts, what costs the client time but not the server.
struct Preparation: Sendable {
    let shutdown: ShutdownSignal
    let progress: ProgressOutput?

    /// Calls `make` for each number on all processors.
    ///
    /// - Returns: What it made, in order; a beginning of it when the run is stopped.
    func make<Value: Sendable>(
        _ count: Int,
        _ verb: String?,
        _ make: @escaping @Sendable (Int) throws(SimulationFailure) -> Value
    ) throws(SimulationFailure) -> [Value] {
        let results = Mutex<(values: [Int: Value], failure: SimulationFailure?)>(([:], nil))
        let clock = ContinuousClock()
        let start = clock.now
        let lastLine = Mutex(start)
        DispatchQueue.concurrentPerform(iterations: count) { index in
            guard !self.shutdown.isRaised, results.withLock({ $0.failure == nil }) else { return }
            do throws(SimulationFailure) {
                let value = try make(index)
                let done = results.withLock { results in
                    results.values[index] = value
                    return results.values.count
                }
                self.show(verb, done: done, of: count, since: start, lastLine)
            } catch {
                results.withLock { $0.failure = $0.failure ?? error }
            }
        }
        let (values, failure) = results.withLock { $0 }
        if let failure { throw failure }
        return (0..<count).prefix { values[$0] != nil }.compactMap { values[$0] }
    }

    private func show(
        _ verb: String?,
        done: Int,
        of count: Int,
        since start: ContinuousClock.Instant,
        _ lastLine: borrowing Mutex<ContinuousClock.Instant>
    ) {
        guard let verb, let progress = self.progress else { return }
        let now = ContinuousClock.now
        let isDue = lastLine.withLock { last in
            guard now - last >= .milliseconds(progress.period) else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let elapsed = (now - start).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
        let line = ProgressLine(verb: verb, done: done, total: count, failed: 0, seconds: seconds)
        progress.show(line.text, isLast: false)
    }
}
