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
        families += Self.families(self.figures)
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

    private static func families(_ figures: StoreFigures) -> [MetricFamily] {
        var families: [MetricFamily] = [
            .gauge(
                "gatehouse_store_pool_connections",
                "Connections to the database by what they do; those that wait are requests without one.",
                [
                    .init([("state", "most")], Double(figures.poolSize)),
                    .init([("state", "in-use")], Double(figures.inUse)),
                    .init([("state", "waited-for")], Double(figures.waiting)),
                ]
            ),
            .counter(
                "gatehouse_store_transactions_total",
                "Transactions committed since the start.",
                [.init([], Double(figures.transactions))]
            ),
            .counter(
                "gatehouse_store_retries_total",
                "Transactions run again since the start because others were in the way.",
                [.init([], Double(figures.retries))]
            ),
            .counter(
                "gatehouse_store_round_trips_total",
                "Answers of the database waited for since the start.",
                [.init([], Double(figures.roundTrips))]
            ),
            .counter(
                "gatehouse_store_connections_opened_total",
                "Connections to the database opened since the start.",
                [.init([], Double(figures.connections))]
            ),
            .counter(
                "gatehouse_store_doubts_total",
                "Commits since the start whose outcome had to be looked up.",
                [.init([], Double(figures.doubts))]
            ),
        ]
        if let skew = figures.clockSkew {
            families.append(
                .gauge(
                    "gatehouse_store_clock_skew_seconds",
                    "This machine's clock less the database's.",
                    [.init([], Double(skew) / 1e6)]
                )
            )
        }
        if let replayed = figures.replayed {
            families.append(
                .gauge(
                    "gatehouse_store_replayed_timestamp_seconds",
                    "When the latest commit was made that this standby has repeated; what it serves is as of then.",
                    [.init([], Double(replayed) / 1e6)]
                )
            )
        }
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
