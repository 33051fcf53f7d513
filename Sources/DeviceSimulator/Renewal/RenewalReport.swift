/// What came of a run of renewals.
public struct RenewalReport: Sendable {
    /// How many were asked for.
    public let renewals: Int
    public let renewed: Int
    public let failed: Int
    /// From the first request to the last answer; the first key and message of each device were made before.
    public let seconds: Double
    public let steps: [SimulationReport.StepTimes]
    /// Request to certificate, connecting included.
    public let whole: Percentiles
    /// Most frequent first.
    public let failures: [SimulationReport.FailureGroup]
    /// The first thing that was not as the protocol wants it, if anything.
    public let firstDeviation: Deviation?
    /// In the order they ended, as many as were to be kept.
    public let outcomes: [RenewalOutcome]

    /// Not begun: the run was stopped, or the same device's renewal before had failed.
    public var left: Int { self.renewals - self.renewed - self.failed }

    /// Renewals per second.
    public var rate: Double { self.seconds > 0 ? Double(self.renewed) / self.seconds : 0 }
}
