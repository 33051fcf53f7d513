internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import Synchronization

/// Several callers at once on one ledger, each with its next operation as soon as its last one is done.
struct LedgerLoad {
    /// How long each operation took, in milliseconds.
    let times: [Double]
    let seconds: Double
    /// Processor time of this process for one, in microseconds.
    let microseconds: Double

    private final class Turn: Sendable {
        let next = Atomic(0)
    }

    var rate: Double { Double(self.times.count) / self.seconds }

    /// - Parameters:
    ///   - callers: How many at once.
    ///   - count: Operations in all.
    ///   - operation: One of them, by the number of the caller and its own.
    /// - Returns: What they took.
    /// - Throws: What `operation` threw first.
    static func run(
        callers: Int,
        count: Int,
        _ operation: @escaping @Sendable (_ caller: Int, _ number: Int) async throws -> Void
    ) async throws -> LedgerLoad {
        let turn = Turn()
        let begin = ContinuousClock.now
        let cpu = ProcessCost.ownMicroseconds
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var times: [Double] = []
                    while true {
                        let number = turn.next.add(1, ordering: .relaxed).oldValue
                        guard number < count else { return times }
                        let start = ContinuousClock.now
                        try await operation(caller, number)
                        times.append(start.duration(to: .now) / .milliseconds(1))
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return LedgerLoad(
            times: times,
            seconds: begin.duration(to: .now) / .seconds(1),
            microseconds: (ProcessCost.ownMicroseconds - cpu) / Double(max(1, count))
        )
    }
}

extension [LedgerLoad] {
    /// Rate and latencies, the median of the rounds of each.
    func report(to bench: Bench, as name: String) {
        bench.add(.context("\(name).rate", self.map(\.rate).median, "1/s"))
        for percent in [50, 95, 99] {
            bench.add(.context("\(name).p\(percent)", self.map { $0.times.percentile(percent) }.median, "ms"))
        }
    }
}
