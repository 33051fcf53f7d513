import EnrollmentCore
import Ledger
import ServiceRuntime

/// Revokes what a plan lists, some at a time, so that the service has its turn in between.
struct MassRevocation {
    /// What came of it.
    struct Result: Sendable {
        var outcome = RevocationOutcome()
        /// Names of the acts that the record keeps, one a transaction.
        var traces: [TraceID] = []
        /// Certificates that were not dealt with.
        var left = 0
        /// Whether the plan's key was blocked by this run.
        var blockedKey = false
        /// Why it ended early, where the store was the reason.
        var failure: EnrollmentError?
    }

    /// Certificates a transaction: few enough that nobody else waits for long.
    private static let batch = 250

    let plan: RevocationPlan
    let terms: RevocationTerms
    let ledger: any LedgerStore

    /// The key goes first: nothing new may come of it while its certificates are dealt with.
    ///
    /// - Parameter shutdown: Ends the run after the transaction in hand.
    /// - Returns: What was done, and what was left.
    func run(until shutdown: ShutdownSignal) async -> Result {
        var result = Result()
        do throws(EnrollmentError) {
            if let key = self.plan.wish.blockedKey {
                let act = try self.terms.mandate.act(.blockKey, at: SystemClock().now)
                result.blockedKey = try await self.ledger.blockKey(key, act: act)
                if result.blockedKey { result.traces.append(act.traceID) }
            }
        } catch {
            result.failure = error
            result.left = self.plan.count
            return result
        }
        await self.revoke(&result, until: shutdown)
        return result
    }

    private func revoke(_ result: inout Result, until shutdown: ShutdownSignal) async {
        let serialNumbers = self.plan.outcome.revoked
        var progress = ProgressMeter("revoking", total: serialNumbers.count)
        var done = 0
        for batch in serialNumbers.batches(of: Self.batch) where !shutdown.isRaised {
            do throws(EnrollmentError) {
                let order = try self.terms.order(batch, at: SystemClock().now)
                let outcome = try await self.ledger.revoke(order)
                result.outcome.add(outcome)
                result.traces.append(order.act.traceID)
            } catch {
                result.failure = error
                break
            }
            done += batch.count
            progress.advance(to: done, failed: 0)
        }
        result.left = serialNumbers.count - done
        if serialNumbers.count > 1 { progress.finish(at: done, failed: result.failure == nil ? 0 : result.left) }
    }
}
