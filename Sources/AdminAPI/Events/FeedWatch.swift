package import EnrollmentCore
internal import Synchronization

/// Looks for new events on behalf of everybody who waits for some.
package final class FeedWatch: Sendable {
    private let ledger: any HandOffLedger
    private let signal: FeedSignal
    private let newest = Mutex<Int64>(-1)

    package init(ledger: any HandOffLedger, signal: FeedSignal) {
        self.ledger = ledger
        self.signal = signal
    }

    /// Looks once, if anybody waits; to be called a few times a second.
    ///
    /// - Throws: ``EnrollmentError`` when the ledger did not answer.
    package func look() async throws(EnrollmentError) {
        guard self.signal.isWaitedFor else { return }
        let last = try await self.ledger.feedExtent().last
        let isNew = self.newest.withLock { newest in
            defer { newest = last }
            return newest != last
        }
        if isNew { self.signal.ring() }
    }
}
