import HTTPTransport
import Ledger

extension ReplicaSetup {
    /// What replicas say of their part.
    var families: [MetricFamily] {
        var families = [
            MetricFamily.gauge(
                "gatehouse_store_standing",
                "What the store lets this process do, 1 for the one that applies.",
                ["read-write", "read-only", "unreachable"].map { standing in
                    .init([("standing", standing)], standing == Self.word(self.standing) ? 1 : 0)
                }
            )
        ]
        guard let agreement = self.agreement else { return families }
        families += [
            .gauge(
                "gatehouse_agreement_differences",
                "Settings in which this replica differs from what the replicas agreed on.",
                [.init([], Double(agreement.differences.count))]
            ),
            .gauge(
                "gatehouse_lease_held",
                "Whether a duty of one replica is this one's.",
                Duty.allCases.map { .init([("duty", $0.rawValue)], self.holds($0) ? 1 : 0) }
            ),
        ]
        return families
    }

    private static func word(_ standing: StoreStanding) -> String {
        switch standing {
        case .readWrite: "read-write"
        case .readOnly: "read-only"
        case .unreachable: "unreachable"
        }
    }
}
