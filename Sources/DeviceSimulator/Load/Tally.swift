/// Figures and outcomes as they come in, of one worker or of all.
struct Tally: Sendable {
    private(set) var enrolled = 0
    private(set) var failed = 0
    private(set) var outcomes: [EnrollmentOutcome] = []
    private var figures = Figures()
    private let kept: Int

    init(keeping kept: Int) {
        self.kept = kept
    }

    mutating func add(_ outcome: EnrollmentOutcome) {
        self.figures.add(outcome.steps)
        switch outcome.result {
        case .success:
            self.enrolled += 1
            self.figures.add(whole: outcome.milliseconds)
        case .failure(let failure):
            self.failed += 1
            self.figures.add(failure)
        }
        if self.outcomes.count < self.kept { self.outcomes.append(outcome) }
    }

    func report(devices: Int, seconds: Double) -> SimulationReport {
        SimulationReport(
            devices: devices,
            enrolled: self.enrolled,
            failed: self.failed,
            seconds: seconds,
            steps: self.figures.steps,
            whole: self.figures.whole,
            failures: self.figures.failureGroups,
            firstDeviation: self.figures.firstDeviation,
            outcomes: self.outcomes
        )
    }
}
