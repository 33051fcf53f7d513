/// Times and failures as they come in, whatever is counted.
struct Figures: Sendable {
    private(set) var firstDeviation: Deviation?
    private var stepTimes: [EnrollmentStep: [UInt32]] = [:]
    private var wholeTimes: [UInt32] = []
    private var failures: [String: (count: Int, example: SimulationFailure)] = [:]

    mutating func add(_ steps: [(step: EnrollmentStep, milliseconds: Double)]) {
        for (step, milliseconds) in steps {
            self.stepTimes[step, default: []].append(Percentiles.microseconds(milliseconds))
        }
    }

    mutating func add(whole milliseconds: Double) {
        self.wholeTimes.append(Percentiles.microseconds(milliseconds))
    }

    mutating func add(_ failure: SimulationFailure) {
        self.failures[failure.kind, default: (0, failure)].count += 1
        if case .deviated(let deviation) = failure { self.firstDeviation = self.firstDeviation ?? deviation }
    }

    var steps: [SimulationReport.StepTimes] {
        EnrollmentStep.allCases.compactMap { step in
            self.stepTimes[step].map { .init(step: step, times: Percentiles(microseconds: $0)) }
        }
    }

    var whole: Percentiles { Percentiles(microseconds: self.wholeTimes) }

    /// Most frequent first.
    var failureGroups: [SimulationReport.FailureGroup] {
        self.failures.map { .init(kind: $0, count: $1.count, example: $1.example) }
            .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
    }
}
