import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime

/// Ends reservations that never came to anything and certificates that were replaced, a few at a time.
struct Housekeeping: Service {
    private static let batch = 500
    private static let period = Duration.seconds(60)

    let name = "housekeeping"
    let ledger: SQLiteLedger
    let reservationHours: Int
    let logger: Logger

    func run(until shutdown: ShutdownSignal) async throws {
        while !shutdown.isRaised {
            await self.tidy(until: shutdown)
            await withDiscardingTaskGroup { group in
                // Whichever comes first: the next round, or the end.
                let (stream, continuation) = AsyncStream<Never>.makeStream()
                group.addTask {
                    await shutdown.wait()
                    continuation.finish()
                }
                group.addTask {
                    // A cancelled sleep is the end of the wait, which is all it is for.
                    try? await Task.sleep(for: Self.period)
                    continuation.finish()
                }
                for await _ in stream {}
                group.cancelAll()
            }
        }
    }

    private func tidy(until shutdown: ShutdownSignal) async {
        let now = SystemClock().now
        let before = now.adding(seconds: -Int64(self.reservationHours) * 3_600)
        await self.repeatedly("reservations without an outcome", until: shutdown) { () throws(EnrollmentError) in
            try await self.ledger.releaseReservations(madeBefore: before, at: now, limit: Self.batch)
        }
        await self.repeatedly("replaced certificates", until: shutdown) { () throws(EnrollmentError) in
            try await self.ledger.supersede(dueBy: now, limit: Self.batch)
        }
    }

    /// Ends what is due in batches, so that enrollments get their turn in between.
    private func repeatedly(
        _ what: String,
        until shutdown: ShutdownSignal,
        _ end: () async throws(EnrollmentError) -> Int
    ) async {
        var total = 0
        do throws(EnrollmentError) {
            var count = Self.batch
            while count == Self.batch, !shutdown.isRaised {
                count = try await end()
                total += count
            }
        } catch {
            self.logger.warning("not ended though due", metadata: ["what": "\(what)", "detail": "\(error.detail)"])
        }
        if total > 0 { self.logger.notice("ended when due", metadata: ["what": "\(what)", "count": "\(total)"]) }
    }
}
