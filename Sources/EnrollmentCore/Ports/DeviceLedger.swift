/// What happens to enrolled devices besides enrolling and renewing; each operation is one transaction.
public protocol DeviceLedger: Sendable {
    /// Revokes what the device holds, frees its slot, leaves a permit for one re-enrollment, puts the event into the
    /// outbox and records the act. Without a permit this hardware no longer enrolls for this user.
    func reset(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// As ``reset(_:)`` without a permit: the device is gone for good.
    func retire(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Suspends: every valid certificate of the device goes on hold; it keeps its slot.
    func hold(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Undoes ``hold(_:)``: certificates that were only on hold are valid again, the device is what it was before.
    func resume(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Gives a permit; a later one of the same kind takes the place of one that is unused.
    ///
    /// - Returns: `refused` for a device that needs none: a live one for `enrollment`, an ended one (other than by
    ///   expiry) for `renewal`.
    func permit(
        _ kind: Permit.Kind,
        until: Timestamp,
        _ order: DeviceOrder
    ) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Unused permits of the device that have not run out by `now`.
    func permits(of device: DeviceID, at now: Timestamp) async throws(EnrollmentError) -> [Permit]

    /// Notes that a device was seen; see ``ContactOutcome``.
    func note(_ contact: Contact) async throws(EnrollmentError) -> ContactOutcome

    /// The same with the next commit, without waiting for it; for contacts that nobody waits for.
    func noteEventually(_ contact: Contact)

    /// What people ordered for the device, newest first.
    func acts(of device: DeviceID, limit: Int) async throws(EnrollmentError) -> [ActRecord]

    /// The act of that trace id, or `nil`.
    func act(_ traceID: TraceID) async throws(EnrollmentError) -> ActRecord?
}
