/// The durable record of enrollments.
///
/// Every operation is one transaction; when it returns, what it did survives a power cut. Every error is an
/// ``EnrollmentError``: `inMaintenance` when the store is busy, full or closed for writing, `enrollmentServer` when it
/// is broken; nothing is half done then.
public protocol EnrollmentLedger: Sendable {
    /// Finds the live device of `userID` that one of `keys`, strongest first, recognises.
    ///
    /// An answer from a moment ago: ``reserve(_:)`` judges again inside its transaction.
    func recognize(_ keys: [RecognitionKey], of userID: String) async throws(EnrollmentError) -> DeviceID?

    /// Takes a slot and records the intent: device, serial number, octets to be signed, evidence, open attempt.
    ///
    /// Judges, in this order: trace id unused, issuer active, recognition unchanged, key not blocked and not another device's,
    /// limit (a recognised device keeps its slot and passes), serial number unused. A key whose only other holder is an
    /// ended intent of the same user is free: that certificate was given to nobody, and the device may try again.
    ///
    /// Hardware that was reset or retired, or expired while it was held, and was no other device of the user since, needs
    /// a permit. It is used up by the reservation and given back when that comes to nothing. Where no usable hardware id came, the client's
    /// `DeviceID` stands for the hardware.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `device.held` for a device that is held,
    ///   `device.permit` for hardware without a permit.
    func reserve(_ reservation: Reservation) async throws(EnrollmentError) -> ReservationOutcome

    /// Stores the certificate, puts the hand-off event into the outbox and closes the attempt.
    ///
    /// Whatever certificates a device that enrolls anew has besides stay valid and are marked to be superseded; where
    /// one is marked already, its earlier moment stands. After a renewal the predecessor is marked, anew where it was
    /// marked before: the answer that carried its former successor was lost. That successor, not having been seen, and
    /// any other unseen one renewed from the same predecessor are superseded at once. The device is active then.
    ///
    /// Whatever happened to the device since its reservation counts: one that has ended gets no certificate, one that is
    /// held gets none while it is, a key that was blocked none at all, one that was issued a certificate which it asked for later keeps that, and a renewal
    /// comes to nothing when its predecessor was revoked or superseded meanwhile. The intent stays open in these cases.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` when there is no such open intent, its recorded
    ///   digest is not the reservation's, it was recorded for another course, the device has ended (rule
    ///   `ledger.deviceEnded`) or holds a later one (`ledger.overtaken`); `authorization` with rule `device.held`;
    ///   `certificateRequest` with rule `key.blocked`;
    ///   `notEligibleToRenew` with rule `renewal.overtaken`.
    func confirm(_ confirmation: Confirmation) async throws(EnrollmentError)

    /// Frees the slot of a reservation that led to no certificate, ends its intent with the refusal's reason and closes
    /// the attempt. A permit that it used is given back.
    ///
    /// A device that renews goes back to what it was, but was seen all the same.
    ///
    /// - Parameters:
    ///   - receipt: The reservation's.
    ///   - keyUse: Whether the authority's key may have been used; decides what the intent becomes.
    ///   - attempt: The attempt, closed as a refusal.
    /// - Throws: ``EnrollmentError`` with code `internalService` when there is no such intent, or it was ended already by
    ///   anything but ``releaseReservations(madeBefore:at:limit:)``.
    func release(
        _ receipt: IntentReceipt,
        keyUse: AuthorityKeyUse,
        closing attempt: Attempt
    ) async throws(EnrollmentError)

    /// Ends reservations made before `moment` that were never concluded: slot freed, device released (or expired
    /// again), permit given back, intent revoked, since nobody knows whether it was signed.
    ///
    /// - Returns: How many were ended; at most `limit` a call.
    func releaseReservations(
        madeBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int

    /// Ends the certificates that a later one of the same device has replaced: `issued` becomes `superseded`, and is
    /// revoked with that reason, where the overlap that ``confirm(_:)`` granted has run out by `moment`, the present.
    /// For each an event goes into the outbox.
    ///
    /// One that is its device's current one again, because its successor was revoked, is kept and no longer marked.
    ///
    /// - Returns: How many were ended, the longest overdue first; at most `limit` a call.
    func supersede(dueBy moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int
}

/// Whether the authority's key may have been used for an intent that led to no certificate.
public enum AuthorityKeyUse: Hashable, Sendable, CaseIterable {
    /// Nothing was signed: the intent is closed.
    case none
    /// Nobody can tell: it stays an intent, which counts as issued, and is revoked (`cessationOfOperation`).
    case possible
}

/// What ``EnrollmentLedger/reserve(_:)`` is to record.
public struct Reservation: Sendable {
    public let user: DirectoryUser
    public let claims: DeviceClaims
    /// `password` and the like.
    public let credentialKind: String
    public let device: DeviceID
    /// Whether ``device`` was recognised as already there; a change since makes the outcome `recognitionChanged`.
    public let isReturning: Bool
    public let prepared: PreparedCertificate
    public let protection: KeyProtection
    /// Ids of the authorities that the answer carries.
    public let delivered: [String]
    public let limit: DeviceLimit
    /// The attempt so far, still open.
    public let attempt: Attempt
    public let now: Timestamp

    public init(
        user: DirectoryUser,
        claims: DeviceClaims,
        credentialKind: String,
        device: DeviceID,
        isReturning: Bool,
        prepared: PreparedCertificate,
        protection: KeyProtection = .unstated,
        delivered: [String] = [],
        limit: DeviceLimit,
        attempt: Attempt,
        now: Timestamp
    ) {
        self.user = user
        self.claims = claims
        self.credentialKind = credentialKind
        self.device = device
        self.isReturning = isReturning
        self.prepared = prepared
        self.protection = protection
        self.delivered = delivered
        self.limit = limit
        self.attempt = attempt
        self.now = now
    }
}

/// What became of a reservation.
///
/// Only `reserved` left anything behind.
public enum ReservationOutcome: Hashable, Sendable {
    case reserved(IntentReceipt)
    /// Another device id now belongs to this hardware and user, or none does: prepare again.
    case recognitionChanged
    /// The issuer that was to sign does not sign new certificates any more: look who does, and prepare again.
    case issuerChanged
    case serialNumberTaken
    case traceIDTaken
    /// The limit in force (an override where one is) and the devices that fill it.
    case limitReached(DeviceLimit, counted: [CountedDevice])
    case keyBlocked(reason: String)
    /// The key is certified for another device.
    case keyInUse(by: DeviceID)
}

/// What ``EnrollmentLedger/confirm(_:)`` is to record.
public struct Confirmation: Sendable {
    public enum Course: Hashable, Sendable {
        /// A first certificate, or that of a device that enrolled anew; with its management account's secrets, sealed.
        case enrollment(sealedAccount: [UInt8], terms: EnrollmentTerms = .none)
        /// The successor of this certificate; account and terms stay what they are. With what the authorise hook said.
        case renewal(of: SerialNumber, attributes: [Fact] = [])
    }

    public let receipt: IntentReceipt
    public let certificate: IssuedCertificate
    /// What the certificate is for.
    public let course: Course
    /// The attempt, closed as a success.
    public let attempt: Attempt
    /// Names the hand-off event; 16 random octets as a UUID.
    public let eventID: DeviceID
    public let now: Timestamp
    /// When the predecessor's certificate is superseded even if the new one was not seen.
    public let supersedeAfter: Timestamp

    public init(
        receipt: IntentReceipt,
        certificate: IssuedCertificate,
        course: Course,
        attempt: Attempt,
        eventID: DeviceID,
        now: Timestamp,
        supersedeAfter: Timestamp
    ) {
        self.receipt = receipt
        self.certificate = certificate
        self.course = course
        self.attempt = attempt
        self.eventID = eventID
        self.now = now
        self.supersedeAfter = supersedeAfter
    }
}
