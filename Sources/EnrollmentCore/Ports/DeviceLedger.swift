/// What happens to enrolled devices besides enrolling and renewing; each operation is one transaction.
public protocol DeviceLedger: Sendable {
    /// Revokes what the device holds, frees its slot, leaves a permit for one re-enrollment, puts the event into the
    /// outbox and records the act. Without a permit this hardware no longer enrolls for this user.
    ///
    /// What it holds are issued certificates and intents that have not ended; an intent stays one, revoked. A permit
    /// given earlier and unused is gone. An expired device can be reset, and one all of whose certificates were revoked;
    /// not one that was released or retired (``DeviceOrderRule``).
    func reset(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// As ``reset(_:)`` without a permit: the device is gone for good, its state is `revoked`.
    ///
    /// One that was reset can still be retired, which takes its permit back.
    func retire(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Suspends: every valid certificate of the device goes on hold, and every intent; it keeps its slot.
    func hold(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Undoes ``hold(_:)``: certificates that were only on hold are valid again, the device is what it was before.
    func resume(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Gives a permit; a later one of the same kind takes the place of one that is unused.
    ///
    /// - Returns: `refused` for a device that needs none: a live one or one that was neither reset nor retired for
    ///   `enrollment`, an ended one (other than by expiry) for `renewal`; and for a permit that would have run out.
    func permit(
        _ kind: Permit.Kind,
        until: Timestamp,
        _ order: DeviceOrder
    ) async throws(EnrollmentError) -> DeviceOrderOutcome

    /// Unused permits of the device that have not run out by `now`.
    func permits(of device: DeviceID, at now: Timestamp) async throws(EnrollmentError) -> [Permit]

    /// Notes that a device was seen; see ``ContactOutcome``.
    ///
    /// The first contact with a certificate makes an issued or handed-off device active, supersedes at once what it held
    /// before that certificate, confirms the authorities that came with it, and makes it the device's current one: a later
    /// one that was not seen is to be superseded in its place. Later ones move the last proven contact
    /// forward, never backward, and only when they are ten minutes later at least.
    func note(_ contact: Contact) async throws(EnrollmentError) -> ContactOutcome

    /// What people ordered for the device, newest first.
    func acts(of device: DeviceID, limit: Int) async throws(EnrollmentError) -> [ActRecord]

    /// The act of that trace id, or `nil`.
    func act(_ traceID: TraceID) async throws(EnrollmentError) -> ActRecord?
}
