/// What came of a simulation.
public struct SimulationReport: Sendable {
    /// Failures of one kind.
    public struct FailureGroup: Hashable, Sendable {
        public let kind: String
        public let count: Int
        /// The first of them.
        public let example: SimulationFailure
    }

    /// Times of one step, over all devices that had an answer in it.
    public struct StepTimes: Hashable, Sendable {
        public let step: EnrollmentStep
        public let times: Percentiles
    }

    /// How many were asked for.
    public let devices: Int
    public let enrolled: Int
    public let failed: Int
    /// From the first request to the last answer; keys were made before.
    public let seconds: Double
    public let steps: [StepTimes]
    /// Discovery to certificate, of those that enrolled.
    public let whole: Percentiles
    /// Most frequent first.
    public let failures: [FailureGroup]
    /// The first thing that was not as the protocol wants it, if anything.
    public let firstDeviation: Deviation?
    /// In the order they ended, as many as were to be kept.
    public let outcomes: [EnrollmentOutcome]

    /// Not begun, because the run was stopped.
    public var left: Int { self.devices - self.enrolled - self.failed }

    /// Enrollments per second.
    public var rate: Double { self.seconds > 0 ? Double(self.enrolled) / self.seconds : 0 }
}
