import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime

/// Ends reservations that never came to anything, a few at a time.
struct Housekeeping: Service {
    private static let batch = 500
    private static let period = Duration.seconds(60)

    let name = "housekeeping"
    let ledger: SQLiteLedger
    let reservationHours: Int
    let logger: Logger

    func run(until shutdown: ShutdownSignal) async throws {
        while !shutdown.isRaised {
            await self.tidy()
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

    private func tidy() async {
        let before = SystemClock().now.adding(seconds: -Int64(self.reservationHours) * 3_600)
        do throws(EnrollmentError) {
            let count = try await self.ledger.releaseReservations(madeBefore: before, limit: Self.batch)
            if count > 0 {
                self.logger.notice("reservations without an outcome ended", metadata: ["count": "\(count)"])
            }
        } catch {
            self.logger.warning(
                "reservations without an outcome could not be ended",
                metadata: ["detail": "\(error.detail)"]
            )
        }
    }
}
