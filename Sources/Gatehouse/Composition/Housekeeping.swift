import EnrollmentCore
import Logging
import ServiceRuntime

/// Ends what time has overtaken and removes what is no longer needed, a few at a time.
struct Housekeeping: Service {
    private static let batch = 500
    /// Of what takes the locks of many users for as long as it lasts.
    private static let smallBatch = 50
    private static let period = Duration.seconds(60)
    /// Days that steps of the revocation log stay for those who follow it.
    private static let logDays = 7

    /// How long things are kept.
    struct Periods: Hashable, Sendable {
        /// Hours after which a reservation without an outcome is released.
        var reservationHours: Int
        /// Days past its certificate's end for which a device may still renew.
        var afterExpiryDays: Int
        /// Days that attempts are kept.
        var attemptDays: Int
        /// Days past their end that certificates are kept.
        var certificateDays: Int
        /// Days that events are kept.
        var eventDays: Int
        /// Minutes after which a device that enrolled and was not seen is told of as silent.
        var silentAfterMinutes: Int
    }

    let name = "housekeeping"
    let ledger: any EnrollmentLedger & RetentionLedger & HandOffLedger
    let clock: any WallClock
    let periods: Periods
    /// Whether it is this process that does it, at this moment.
    let isOurs: @Sendable () -> Bool
    /// Who has to have an event before it goes.
    let destinations: @Sendable () -> [String]
    let logger: Logger

    func run(until shutdown: ShutdownSignal) async throws {
        await self.repeatedly(every: Self.period, until: shutdown) {
            if self.isOurs() { await self.tidy(until: shutdown) }
        }
    }

    private func tidy(until shutdown: ShutdownSignal) async {
        let now = self.clock.now
        let ledger = self.ledger
        await self.end("reservations without an outcome", by: Self.smallBatch, until: shutdown) {
            () throws(EnrollmentError) in
            try await ledger.releaseReservations(
                madeBefore: now.adding(seconds: -Int64(self.periods.reservationHours) * 3_600),
                at: now,
                limit: Self.smallBatch
            )
        }
        await self.end("replaced certificates", by: Self.smallBatch, until: shutdown) { () throws(EnrollmentError) in
            try await ledger.supersede(dueBy: now, limit: Self.smallBatch)
        }
        await self.end("devices with expired certificates", until: shutdown) { () throws(EnrollmentError) in
            let moment = now.adding(days: -self.periods.afterExpiryDays)
            return try await ledger.expire(endedBefore: moment, at: now, limit: Self.batch)
        }
        await self.end("old attempts", until: shutdown) { () throws(EnrollmentError) in
            let moment = now.adding(days: -self.periods.attemptDays)
            return try await ledger.pruneAttempts(startedBefore: moment, limit: Self.batch)
        }
        await self.end("old certificates", until: shutdown) { () throws(EnrollmentError) in
            let moment = now.adding(days: -self.periods.certificateDays)
            return try await ledger.pruneCertificates(endedBefore: moment, at: now, limit: Self.batch)
        }
        await self.end("steps of the revocation log", until: shutdown) { () throws(EnrollmentError) in
            let moment = now.adding(days: -Self.logDays)
            return try await ledger.pruneChanges(recordedBefore: moment, limit: Self.batch)
        }
        await self.end("the wait for devices that stay silent", until: shutdown) { () throws(EnrollmentError) in
            let moment = now.adding(seconds: -Int64(self.periods.silentAfterMinutes) * 60)
            return try await ledger.tellSilent(issuedBefore: moment, at: now, limit: Self.batch)
        }
        await self.end("old events", until: shutdown) { () throws(EnrollmentError) in
            let moment = now.adding(days: -self.periods.eventDays)
            return try await ledger.pruneEvents(
                recordedBefore: moment,
                deliveredTo: self.destinations(),
                limit: Self.batch
            )
        }
    }

    /// Ends what is due in batches, so that enrollments get their turn in between.
    private func end(
        _ what: String,
        by size: Int = Self.batch,
        until shutdown: ShutdownSignal,
        _ batch: () async throws(EnrollmentError) -> Int
    ) async {
        var total = 0
        do throws(EnrollmentError) {
            var count = size
            while count == size, !shutdown.isRaised, self.isOurs() {
                count = try await batch()
                total += count
            }
        } catch {
            self.logger.warning("not ended though due", metadata: ["what": "\(what)", "detail": "\(error.detail)"])
        }
        if total > 0 { self.logger.notice("ended when due", metadata: ["what": "\(what)", "count": "\(total)"]) }
    }
}
