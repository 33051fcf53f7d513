internal import EnrollmentCore

extension DeliveryReport.Change {
    init(_ standing: DestinationStanding) {
        self.init(
            state: standing.state,
            failingSince: standing.failingSince,
            pausedUntil: standing.pausedUntil,
            lastError: standing.lastError,
            lastDelivered: standing.lastDelivered
        )
    }
}
