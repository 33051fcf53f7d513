import EnrollmentCore
import HTTPTransport
import Synchronization

/// Counts what came of attempts, for metrics.
final class TrafficCount: Sendable {
    private struct Key: Hashable, Sendable {
        let operation: Attempt.Operation
        let outcome: String
    }

    private let attempts = Mutex<[Key: Int]>([:])

    /// Counts one attempt: `succeeded`, or the code of its refusal.
    func count(_ operation: Attempt.Operation, refusal: EnrollmentError?) {
        let key = Key(operation: operation, outcome: refusal?.code.rawValue ?? "succeeded")
        self.attempts.withLock { $0[key, default: 0] += 1 }
    }

    var families: [MetricFamily] {
        let counts = self.attempts.withLock { $0 }
            .sorted { ($0.key.operation.rawValue, $0.key.outcome) < ($1.key.operation.rawValue, $1.key.outcome) }
        return [
            .counter(
                "gatehouse_attempts_total",
                "Attempts since the start by operation and outcome.",
                counts.map { key, count in
                    .init([("operation", key.operation.rawValue), ("outcome", key.outcome)], Double(count))
                }
            )
        ]
    }
}
