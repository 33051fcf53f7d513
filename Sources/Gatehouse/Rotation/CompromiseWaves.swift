import EnrollmentCore
import Ledger
import ServiceRuntime

/// Revokes everything that a compromised issuer signed, some at a time: each device hears of it by its own event.
struct CompromiseWaves {
    /// What came of one run.
    struct Result: Sendable {
        var revoked = 0
        /// Devices that are left without a valid certificate, and have to enroll again.
        var devices = 0
        /// Of the acts that the record keeps, one a transaction.
        var traces: [TraceID] = []
        var duration: Duration = .zero
        /// Why it ended early, where the store was the reason.
        var failure: EnrollmentError?
    }

    /// Certificates a transaction: few enough that nobody else waits for long.
    private static let largestBatch = 250
    /// Waves a minute where a rate is given, so that nobody sees a minute's devices at once.
    private static let wavesAMinute = 12

    let issuerIDs: [String]
    /// Devices a minute; 0 for as many as the store takes.
    let perMinute: Int
    let mandate: Mandate
    let ledger: any LedgerStore

    private var batch: Int { Self.batch(perMinute: self.perMinute) }

    private static func batch(perMinute: Int) -> Int {
        guard perMinute > 0 else { return Self.largestBatch }
        return max(1, min(Self.largestBatch, perMinute / Self.wavesAMinute))
    }

    /// In how many waves so many certificates are revoked.
    static func count(for certificates: Int, perMinute: Int) -> Int {
        let batch = Self.batch(perMinute: perMinute)
        return (certificates + batch - 1) / batch
    }

    /// How long that takes; `nil` where the store sets the pace.
    static func seconds(for certificates: Int, perMinute: Int) -> Int64? {
        perMinute > 0 ? Int64(certificates) * 60 / Int64(perMinute) : nil
    }

    /// - Parameters:
    ///   - total: How many there are to revoke, for the meter.
    ///   - shutdown: Ends the run after the transaction in hand.
    /// - Returns: What was done.
    func run(total: Int, until shutdown: ShutdownSignal) async -> Result {
        var result = Result()
        var progress = ProgressMeter("revoking", total: total)
        let start = ContinuousClock.now
        do throws(EnrollmentError) {
            for id in self.issuerIDs where !shutdown.isRaised {
                try await self.revokeAll(of: id, &result, &progress, since: start, until: shutdown)
            }
        } catch {
            result.failure = error
        }
        result.duration = .now - start
        if total > 0 { progress.finish(at: result.revoked, failed: result.failure == nil ? 0 : total - result.revoked) }
        return result
    }

    private func revokeAll(
        of issuerID: String,
        _ result: inout Result,
        _ progress: inout ProgressMeter,
        since start: ContinuousClock.Instant,
        until shutdown: ShutdownSignal
    ) async throws(EnrollmentError) {
        var after: String?
        while !shutdown.isRaised {
            let page = try await self.ledger.revocable(
                .issuer(issuerID),
                at: SystemClock().now,
                after: after,
                limit: self.batch
            )
            // What was under way when the issuer was stopped may have come since: looked for from the beginning.
            if page.elements.isEmpty, after == nil { break }
            after = page.next
            guard !page.elements.isEmpty else { continue }
            try await self.revoke(page.elements, of: issuerID, &result)
            progress.advance(to: result.revoked, failed: 0)
            await self.pause(after: result.revoked, since: start, until: shutdown)
        }
    }

    private func revoke(
        _ serialNumbers: [SerialNumber],
        of issuerID: String,
        _ result: inout Result
    ) async throws(EnrollmentError) {
        let act = try self.mandate.act(.revoke, at: SystemClock().now)
        let order = RevocationOrder(serialNumbers: serialNumbers, reason: .cACompromise, act: act)
        let outcome = try await self.ledger.revoke(order)
        // Somebody else may have been faster; nobody at all is a store that contradicts itself.
        guard !outcome.revoked.isEmpty || !outcome.already.isEmpty else {
            throw EnrollmentError(
                .internalService,
                "The store lists certificates of \(issuerID) as still to be revoked, and does not revoke them.",
                rule: "compromise.stuck",
                facts: serialNumbers.prefix(3).map { Fact("certificate", "\($0)") }
            )
        }
        result.revoked += outcome.revoked.count
        result.devices += outcome.ended.count
        result.traces.append(act.traceID)
    }

    /// Waits until the next wave is due; an interrupt ends the wait.
    private func pause(after done: Int, since start: ContinuousClock.Instant, until shutdown: ShutdownSignal) async {
        guard self.perMinute > 0 else { return }
        let next = start + .seconds(60) * done / self.perMinute
        await withTaskGroup(of: Void.self) { group in
            // Cancelled with the group as soon as the other ends, and then there is nothing to wait for.
            group.addTask { try? await Task.sleep(until: next, clock: .continuous) }
            group.addTask { await shutdown.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
