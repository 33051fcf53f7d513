internal import Dispatch
internal import Synchronization

/// Blocking work on several threads, outside the cooperative pool.
enum Threads {
    /// Calls `body` for each number below `count`, on `workers` threads with a state of their own.
    ///
    /// - Returns: How long each call took, in milliseconds, in no particular order.
    /// - Throws: The first error of any of them; the others stop at their next number.
    @discardableResult
    static func run<Own>(
        _ count: Int,
        workers: Int,
        state make: @escaping @Sendable () throws -> Own,
        _ body: @escaping @Sendable (Own, Int) throws -> Void
    ) throws -> [Double] {
        let next = Atomic(0)
        let outcome = Mutex<(times: [Double], failure: (any Error)?)>(([], nil))
        let group = DispatchGroup()
        withExtendedLifetime(outcome) {
            for number in 0..<workers {
                // A queue each: one that blocks gets a thread of its own.
                DispatchQueue(label: "benchmark.\(number)").async(group: group) {
                    do {
                        let own = try make()
                        var times: [Double] = []
                        while outcome.withLock({ $0.failure == nil }) {
                            let index = next.add(1, ordering: .relaxed).oldValue
                            guard index < count else { break }
                            let start = ContinuousClock.now
                            try body(own, index)
                            times.append(start.duration(to: .now) / .milliseconds(1))
                        }
                        outcome.withLock { $0.times += times }
                    } catch {
                        outcome.withLock { $0.failure = $0.failure ?? error }
                    }
                }
            }
            group.wait()
        }
        let (times, failure) = outcome.withLock { $0 }
        if let failure { throw failure }
        return times
    }
}
