import EnrollmentCore
import HTTPTransport
import Ledger
import Synchronization

/// How old the newest backup is that the store knows of, by the act that recorded it.
struct BackupAge: Sendable {
    let act: ActRecord
    /// Since it was made.
    let seconds: Int64

    init(_ act: ActRecord, at now: Timestamp) {
        self.act = act
        self.seconds = now.seconds(since: act.act.time)
    }

    /// Whether it is older than a configuration allows.
    func exceeds(hours: Int) -> Bool { self.seconds > Int64(hours) * 3_600 }
}

/// The same as a figure; what is asked for at every scrape is looked up now and then.
///
/// A store without a backup is looked through to its first act, which takes a while when there are many.
final class BackupGauge: Sendable {
    private static let lookEvery: Int64 = 10

    private struct State: Sendable {
        var act: ActRecord?
        var looked: Timestamp?
    }

    private let ledger: any LedgerStore
    private let state = Mutex(State())

    init(_ ledger: any LedgerStore) {
        self.ledger = ledger
    }

    /// Without a sample as long as no backup was made.
    ///
    /// - Throws: ``EnrollmentError`` when the store does not answer.
    func family(at now: Timestamp) async throws(EnrollmentError) -> MetricFamily {
        let looked = self.state.withLock { $0.looked }
        // A clock that was set back has it looked up, too.
        if looked.map({ !(0..<Self.lookEvery).contains(now.seconds(since: $0)) }) ?? true {
            let act = try await self.ledger.lastAct(.backUp)
            self.state.withLock { $0 = State(act: act, looked: now) }
        }
        let act = self.state.withLock { $0.act }
        return .gauge(
            "gatehouse_backup_age_seconds",
            "How long ago the newest backup was made that the store knows of; absent when there is none.",
            act.map { [.init([], Double(BackupAge($0, at: now).seconds))] } ?? []
        )
    }
}
