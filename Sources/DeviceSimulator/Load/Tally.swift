/// Figures and outcomes as they come in, of one worker or of all.
struct Tally: Sendable {
    private(set) var enrolled = 0
    private(set) var failed = 0
    private(set) var firstDeviation: Deviation?
    private(set) var outcomes: [EnrollmentOutcome] = []
    private var stepTimes: [EnrollmentStep: [UInt32]] = [:]
    private var wholeTimes: [UInt32] = []
    private var failures: [String: (count: Int, example: SimulationFailure)] = [:]
    private let kept: Int

    init(keeping kept: Int) {
        self.kept = kept
    }

    mutating func add(_ outcome: EnrollmentOutcome) {
        for (step, milliseconds) in outcome.steps {
            self.stepTimes[step, default: []].append(Self.microseconds(milliseconds))
        }
        switch outcome.result {
        case .success:
            self.enrolled += 1
            self.wholeTimes.append(Self.microseconds(outcome.milliseconds))
        case .failure(let failure):
            self.failed += 1
            self.failures[failure.kind, default: (0, failure)].count += 1
            if case .deviated(let deviation) = failure { self.firstDeviation = self.firstDeviation ?? deviation }
        }
        if self.outcomes.count < self.kept { self.outcomes.append(outcome) }
    }

    func report(devices: Int, seconds: Double) -> SimulationReport {
        SimulationReport(
            devices: devices,
            enrolled: self.enrolled,
            failed: self.failed,
            seconds: seconds,
            steps: EnrollmentStep.allCases.compactMap { step in
                self.stepTimes[step].map { .init(step: step, times: Percentiles(microseconds: $0)) }
            },
            whole: Percentiles(microseconds: self.wholeTimes),
            failures: self.failures.map { .init(kind: $0, count: $1.count, example: $1.example) }
                .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) },
            firstDeviation: self.firstDeviation,
            outcomes: self.outcomes
        )
    }

    private static func microseconds(_ milliseconds: Double) -> UInt32 {
        UInt32(clamping: Int((milliseconds * 1000).rounded()))
    }
}
