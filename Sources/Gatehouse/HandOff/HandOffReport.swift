import EnrollmentCore
import HTTPTransport
import Ledger
import ManagementLink

/// What the service says of its destinations.
struct HandOffReport: Sendable {
    /// Seconds that nothing gets through before somebody should look.
    static let notableFailure: Int64 = 900

    let setup: HandOffSetup
    let ledger: any LedgerStore
    /// Minutes after which a device that enrolled is silent.
    let silentAfterMinutes: Int

    // MARK: Readiness

    func reasons(at now: Timestamp) async throws(EnrollmentError) -> [ReadinessReason] {
        let names = self.setup.names
        guard !names.isEmpty else { return [] }
        var reasons: [ReadinessReason] = []
        for standing in try await self.ledger.destinations() where names.contains(standing.name) {
            let error = standing.lastError.map { ": \($0)" } ?? ""
            if standing.state == .stopped {
                reasons.append(
                    ReadinessReason(
                        "handoff",
                        "Destination \(standing.name) is stopped\(error). Run gatehouse handoff resume \(standing.name) once"
                            + " it is back, or take it out of handOff.",
                        severity: .warning
                    )
                )
            } else if let since = standing.failingSince, now.seconds(since: since) > Self.notableFailure {
                reasons.append(
                    ReadinessReason(
                        "handoff",
                        "Nothing gets through to destination \(standing.name) since \(since)\(error). Events wait; run"
                            + " gatehouse handoff test \(standing.name).",
                        severity: .warning
                    )
                )
            }
        }
        return reasons
    }

    // MARK: Metrics

    func families(at now: Timestamp) async throws(EnrollmentError) -> [MetricFamily] {
        var families: [MetricFamily] = []
        let page = try await self.ledger.silentDevices(
            issuedBefore: now.adding(seconds: -Int64(self.silentAfterMinutes) * 60),
            after: nil,
            limit: PageSize.largest
        )
        families.append(
            .gauge(
                "gatehouse_devices_silent",
                "Devices that enrolled and were not seen since; counting stops at \(PageSize.largest).",
                [.init([], Double(page.elements.count))]
            )
        )
        let senders = self.setup.senders.current
        guard !senders.isEmpty else { return families }
        let figures = senders.map { sender in ([("destination", sender.destination.name)], sender.figures.current) }
        families += [
            .counter(
                "gatehouse_handoff_delivered_total",
                "Events that a destination acknowledged since the start, to this process.",
                figures.map { .init($0.0, Double($0.1.delivered)) }
            ),
            .counter(
                "gatehouse_handoff_failed_total",
                "Tries of this process since the start that a destination did not acknowledge.",
                figures.map { .init($0.0, Double($0.1.failed)) }
            ),
            .gauge(
                "gatehouse_handoff_sending",
                "Whether it is this process that sends to a destination.",
                figures.map { .init($0.0, $0.1.isSending ? 1 : 0) }
            ),
            .gauge(
                "gatehouse_handoff_under_way",
                "Requests under way.",
                figures.map { .init($0.0, Double($0.1.underWay)) }
            ),
            .gauge(
                "gatehouse_handoff_paused",
                "Whether nothing is sent for now, because nothing gets through or the destination asked for it.",
                figures.map { .init($0.0, $0.1.isPaused ? 1 : 0) }
            ),
            .gauge(
                "gatehouse_handoff_lag_seconds",
                "Age of the oldest event that the process which sends has not got acknowledged, waiting deliveries aside.",
                figures.filter { $0.1.isSending }.map { labels, values in
                    .init(labels, values.oldest.map { max(0, Double(now.microseconds - $0.microseconds) / 1e6) } ?? 0)
                }
            ),
        ]
        return families + (try await self.counts(senders.map(\.destination.name), at: now))
    }

    private func counts(_ names: [String], at now: Timestamp) async throws(EnrollmentError) -> [MetricFamily] {
        var waiting: [MetricFamily.Sample] = []
        var dead: [MetricFamily.Sample] = []
        for name in names {
            let counts = try await self.ledger.deliveryCounts(to: name)
            waiting.append(.init([("destination", name)], Double(counts.waiting)))
            dead.append(.init([("destination", name)], Double(counts.dead)))
        }
        let standings = try await self.ledger.destinations().filter { names.contains($0.name) }
        return [
            .gauge(
                "gatehouse_handoff_waiting",
                "Events that did not get through at once and are tried again; counting stops at 10000.",
                waiting
            ),
            .gauge(
                "gatehouse_handoff_dead",
                "Events that were given up; counting stops at 10000.",
                dead
            ),
            .gauge(
                "gatehouse_handoff_failing_seconds",
                "For how long nothing gets through to a destination.",
                standings.map { standing in
                    let since = standing.failingSince ?? now
                    return .init(
                        [("destination", standing.name)],
                        max(0, Double(now.microseconds - since.microseconds) / 1e6)
                    )
                }
            ),
            .gauge(
                "gatehouse_handoff_stopped",
                "Whether a destination is stopped: it said that it is gone.",
                standings.map { .init([("destination", $0.name)], $0.state == .stopped ? 1 : 0) }
            ),
        ]
    }
}
