/// What came of whole lives.
public struct LifetimeReport: Sendable {
    /// One step over all lives that came to it.
    public struct Line: Sendable {
        public let step: LifeStep
        /// How often it went as it had to.
        public let asExpected: Int
        public let otherwise: Int
        /// Of all that were answered.
        public let times: Percentiles
        /// The first that went otherwise, in words.
        public let example: String?
        /// Why nobody came to it, when the operator left it out.
        public let skipped: String?
    }

    /// Lives asked for.
    public let devices: Int
    /// Lives whose every step went as it had to.
    public let whole: Int
    /// Lives in which something went otherwise.
    public let broken: Int
    /// From the first request to the last answer.
    public let seconds: Double
    /// In the order of a life.
    public let lines: [Line]
    /// The first thing that was not as the protocol wants it, if anything.
    public let firstDeviation: Deviation?
    /// What kept the run itself from going on.
    public let trouble: SimulationFailure?

    /// Not begun, because the run was stopped.
    public var left: Int { self.devices - self.whole - self.broken }

    /// How many certificates were renewed.
    public var renewals: Int {
        self.lines.reduce(0) { sum, line in
            let others: [LifeStep] = [.enroll, .contact, .manage, .manageRenewed]
            let isRenewal = line.step.expectation == .granted && !others.contains(line.step)
            return sum + (isRenewal ? line.asExpected : 0)
        }
    }

    /// Whether every life was whole.
    public var isFine: Bool { self.whole == self.devices && self.trouble == nil }
}
