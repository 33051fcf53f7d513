/// What happened in all lives, step by step.
struct LifeBook: Sendable {
    private struct Entry {
        var asExpected = 0
        var otherwise = 0
        var microseconds: [UInt32] = []
        var example: String?
    }

    private var entries: [LifeStep: Entry] = [:]
    private var brokenLives: Set<Int> = []
    private(set) var ended = 0
    private(set) var firstDeviation: Deviation?
    private var skipped: [LifeStep: String] = [:]
    private var trouble: SimulationFailure?

    var broken: Int { self.brokenLives.count }
    var stepsDone: Int { self.entries.values.reduce(0) { $0 + $1.asExpected + $1.otherwise } }

    /// - Parameters:
    ///   - step: What was done.
    ///   - life: Its number.
    ///   - objection: Why the step did not go as it had to; `nil` when it did.
    ///   - milliseconds: `nil` when nothing was answered.
    mutating func note(_ step: LifeStep, of life: Int, objection: String?, milliseconds: Double?) {
        var entry = self.entries[step] ?? Entry()
        if let objection {
            entry.otherwise += 1
            entry.example = entry.example ?? objection
            self.brokenLives.insert(life)
        } else {
            entry.asExpected += 1
        }
        if let milliseconds { entry.microseconds.append(Percentiles.microseconds(milliseconds)) }
        self.entries[step] = entry
    }

    mutating func note(_ deviation: Deviation) {
        self.firstDeviation = self.firstDeviation ?? deviation
    }

    mutating func endLife() {
        self.ended += 1
    }

    mutating func skip(_ step: LifeStep, because reason: String) {
        self.skipped[step] = reason
    }

    mutating func stop(because failure: SimulationFailure) {
        self.trouble = self.trouble ?? failure
    }

    func report(devices: Int, seconds: Double) -> LifetimeReport {
        LifetimeReport(
            devices: devices,
            whole: self.ended - self.broken,
            broken: self.broken,
            seconds: seconds,
            lines: LifeStep.allCases.compactMap { step in
                let entry = self.entries[step]
                guard entry != nil || self.skipped[step] != nil else { return nil }
                return LifetimeReport.Line(
                    step: step,
                    asExpected: entry?.asExpected ?? 0,
                    otherwise: entry?.otherwise ?? 0,
                    times: Percentiles(microseconds: entry?.microseconds ?? []),
                    example: entry?.example,
                    skipped: self.skipped[step]
                )
            },
            firstDeviation: self.firstDeviation,
            trouble: self.trouble
        )
    }
}
