/// Keeps attempts that need no reservation.
public protocol AttemptLedger: Sendable {
    /// Records a closed attempt durably.
    ///
    /// - Returns: `false` when the trace id is already taken; nothing was recorded then.
    func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool

    /// Records a closed attempt with the next commit, without waiting for it.
    ///
    /// For successes nobody has been told a trace id of: lost at most with the process, within a fraction of a second,
    /// and written at a clean stop.
    func recordEventually(_ attempt: Attempt)
}
