/// Read-only questions about the fleet as a whole.
public protocol FleetQueries: Sendable {
    /// Live devices whose certificate ends before `moment`, the soonest first, each with its latest refused renewal;
    /// those whose certificate has ended and that are not expired yet come first.
    func fallingOut(endingBefore moment: Timestamp, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<FallingOutDevice>

    /// How many live devices have how many days left.
    func fleet(at now: Timestamp) async throws(EnrollmentError) -> FleetHealth

    /// The provider ids of the management accounts that live devices have, in their order; at most 100.
    ///
    /// Devices that have the standard account of an earlier version are left out.
    func managementAccounts() async throws(EnrollmentError) -> [String]
}
