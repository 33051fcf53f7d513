/// Read-only questions about the fleet as a whole.
public protocol FleetQueries: Sendable {
    /// Live devices whose certificate ends before `moment`, the soonest first, each with its latest refused renewal;
    /// those whose certificate has ended and that are not expired yet come first.
    func fallingOut(endingBefore moment: Timestamp, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<FallingOutDevice>

    /// How many live devices have how many days left.
    func fleet(at now: Timestamp) async throws(EnrollmentError) -> FleetHealth
}
