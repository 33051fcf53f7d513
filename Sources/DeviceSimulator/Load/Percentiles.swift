/// How long something took, over many times, in milliseconds.
public struct Percentiles: Hashable, Sendable {
    public let count: Int
    public let p50: Double
    public let p95: Double
    public let p99: Double
    public let max: Double

    /// As times are kept while they are gathered.
    static func microseconds(_ milliseconds: Double) -> UInt32 {
        UInt32(clamping: Int((milliseconds * 1000).rounded()))
    }

    /// By nearest rank, so that each figure is one that was measured; all are 0 when nothing was.
    init(microseconds values: [UInt32]) {
        let sorted = values.sorted()
        func rank(_ percent: Int) -> Double {
            guard !sorted.isEmpty else { return 0 }
            let index = (sorted.count * percent + 99) / 100 - 1
            return Double(sorted[Swift.max(0, index)]) / 1000
        }
        self.count = sorted.count
        self.p50 = rank(50)
        self.p95 = rank(95)
        self.p99 = rank(99)
        self.max = rank(100)
    }
}
