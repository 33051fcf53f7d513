/// Keeps attempts that need no reservation.
public protocol AttemptLedger: Sendable {
    /// Records a closed attempt durably.
    ///
    /// - Returns: `false` when the trace id is already taken; nothing was recorded then.
    func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool

    /// Records a closed attempt with the next commit, without waiting for it, or closes the open one of its trace id.
    ///
    /// For successes nobody has been told a trace id of, and for refusals that the store could not take when they
    /// happened: tried again with every commit until it is written. Lost at most with the process, within a fraction
    /// of a second of a store that works, and written at a clean stop; bounded in number. An attempt that is closed
    /// already stays as it is.
    func recordEventually(_ attempt: Attempt)
}

extension AttemptLedger {
    /// Records a closed attempt, under a fresh trace id should its own be taken.
    public func record(_ attempt: inout Attempt, random: any RandomSource) async throws(EnrollmentError) {
        for _ in 0..<4 {
            if try await self.record(attempt) { return }
            attempt.traceID = TraceID(random: try random.octets(TraceID.randomOctets))
        }
        throw EnrollmentError(
            .internalService,
            "Four fresh trace ids were all taken; the random source is to be doubted.",
            rule: "attempt.trace-id"
        )
    }
}
