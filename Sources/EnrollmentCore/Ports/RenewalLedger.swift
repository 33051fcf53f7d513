/// The part of the ledger that renewal needs besides ``EnrollmentLedger``, whose `confirm` and `release` conclude
/// renewals too.
public protocol RenewalLedger: Sendable {
    /// The device certificate of that SHA-256 with all that decides on its renewal, or `nil` when there is none.
    ///
    /// Of a moment ago: ``reserve(_:)`` judges again inside its transaction.
    func candidate(thumbprint: [UInt8]) async throws(EnrollmentError) -> RenewalCandidate?

    /// Records the intent of a renewal and that the device was seen.
    ///
    /// Judges, in this order: trace id unused, issuer active, the candidate's standing unchanged, key neither blocked nor ever
    /// certified for anybody, serial number unused, and for a device that has expired its user's limit: it comes back to
    /// a slot.
    ///
    /// The standing is the certificate's state and revocation, whether the device is live, its owner, and the permit
    /// where one is used. Whatever the candidate said, `standingChanged` comes of a certificate that is not issued or
    /// has a revocation, of a device that is held or has ended other than by expiry, of a permit that has run out.
    /// A key whose only holders are ended intents of the same user is free, as in an enrollment.
    ///
    /// What `reserved` leaves besides the intent: the device's last proven contact; the certificate as seen, with all
    /// that a first ``DeviceLedger/note(_:)`` does; the claims that came (name, OS version, model, usable hardware id)
    /// with conflicts among them; the user as the directory has them; a device that had expired reserved in a slot; the
    /// permit used up.
    ///
    /// - Throws: ``EnrollmentError`` with code `notEligibleToRenew` and rule `renewal.replaced` for a device that has
    ///   expired and whose hardware is another live device of the same user by now.
    func reserve(_ reservation: RenewalReservation) async throws(EnrollmentError) -> RenewalReservationOutcome

    /// Adds a sentence about claims that contradict each other to the device's record, once; the latest eight stay.
    func noteConflict(_ sentence: String, on device: DeviceID) async throws(EnrollmentError)
}

/// What ``RenewalLedger/reserve(_:)`` is to record.
public struct RenewalReservation: Sendable {
    public let candidate: RenewalCandidate
    /// The owner as the directory has them now.
    public let user: DirectoryUser
    public let claims: DeviceClaims
    /// `certificate`, or the credential's kind where the user was asked.
    public let credentialKind: String
    public let prepared: PreparedCertificate
    public let protection: KeyProtection
    /// Ids of the authorities that the answer carries.
    public let delivered: [String]
    /// Whether the candidate's permit is used up by this.
    public let usesPermit: Bool
    public let limit: DeviceLimit
    /// How many successors of one certificate may be asked for within 24 hours.
    public let triesPerDay: Int
    /// The attempt so far, still open.
    public let attempt: Attempt
    public let now: Timestamp

    public init(
        candidate: RenewalCandidate,
        user: DirectoryUser,
        claims: DeviceClaims,
        credentialKind: String,
        prepared: PreparedCertificate,
        protection: KeyProtection,
        delivered: [String],
        usesPermit: Bool,
        limit: DeviceLimit,
        triesPerDay: Int,
        attempt: Attempt,
        now: Timestamp
    ) {
        self.candidate = candidate
        self.user = user
        self.claims = claims
        self.credentialKind = credentialKind
        self.prepared = prepared
        self.protection = protection
        self.delivered = delivered
        self.usesPermit = usesPermit
        self.limit = limit
        self.triesPerDay = triesPerDay
        self.attempt = attempt
        self.now = now
    }
}

/// What became of a renewal's reservation.
///
/// Only `reserved` left anything behind.
public enum RenewalReservationOutcome: Hashable, Sendable {
    case reserved(IntentReceipt)
    /// The candidate is not what it was: judge it again.
    case standingChanged
    /// The issuer that was to sign does not sign new certificates any more: look who does, and prepare again.
    case issuerChanged
    /// As many successors were asked for within a day as may be.
    case tooOften
    case serialNumberTaken
    case traceIDTaken
    case keyBlocked(reason: String)
    /// The key is certified already, `nil` for one of the service's own.
    case keyInUse(by: DeviceID?)
    case limitReached(DeviceLimit, counted: [CountedDevice])
}
