/// Keeps where issuers are in their lives, and what hangs on each.
///
/// As everywhere in the ledger an operation is one transaction, durable when it returns. What replicas keep in memory of
/// issuers they read again within two seconds.
public protocol RotationLedger: Sendable {
    /// Every issuer with what hangs on it, and how many live devices there are; within a second for a million
    /// certificates.
    func issuerFigures(at now: Timestamp) async throws(EnrollmentError) -> IssuerFigures

    /// Link certificates, oldest first.
    func links() async throws(EnrollmentError) -> [LinkCertificate]

    /// Stores a signed certificate with its issuer in state `prepared`, and records the act.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `rotation.next-exists` when another one of that
    ///   role is prepared or published, `rotation.id` when there is an issuer of that id.
    func confirmPrepared(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt,
        act: AdministrativeAct
    ) async throws(EnrollmentError)

    /// Stores a signed link certificate.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `rotation.link-exists` when there is one of these
    ///   two roots in this direction already.
    func confirmLink(
        _ link: LinkCertificate,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError)

    /// Carries a change out, in one transaction: states with their moments, keys wiped from the store, certificates of
    /// issuers revoked, events told, the act recorded.
    ///
    /// Keys on tokens are destroyed by the caller, afterwards.
    ///
    /// - Parameters:
    ///   - change: What ``KeyRotation`` came to.
    ///   - announcements: What to tell, one for each of the change's, in its order.
    ///   - act: Who, why.
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `rotation.changed` when an issuer is not in the
    ///   state that the change starts from, `rotation.in-use` when live certificates hang on it that must not,
    ///   `rotation.last-crl` when it is to be retired and a shard's published CRL ends before its certificate does, or
    ///   lacks a revocation; with code `internalService` and rule `rotation.announcements` when these are not the
    ///   change's.
    func apply(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError)

    /// The same, taken back at the end.
    func rehearse(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError)

    /// Live devices that are not known to have the issuer's certificate by `now`, those that renew latest first.
    func devices(lacking issuerID: String, at now: Timestamp, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<AdoptionGap>

    /// Live devices that hold a certificate of this issuer that has not ended by `now`, the soonest to end first; each
    /// once, however many it holds.
    func devices(holding issuerID: String, at now: Timestamp, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<DeviceRecord>
}

/// What hangs on each issuer.
public struct IssuerFigures: Hashable, Sendable {
    public struct Figure: Hashable, Sendable {
        /// See ``IssuerStanding/liveCertificates``.
        public var liveCertificates: Int
        /// See ``IssuerStanding/knowingDevices``.
        public var knowingDevices: Int

        public init(liveCertificates: Int = 0, knowingDevices: Int = 0) {
            self.liveCertificates = liveCertificates
            self.knowingDevices = knowingDevices
        }
    }

    /// Oldest first.
    public let issuers: [IssuerRecord]
    /// By issuer; those on which nothing hangs may be missing.
    public let figures: [String: Figure]
    public let liveDevices: Int

    public init(issuers: [IssuerRecord], figures: [String: Figure], liveDevices: Int) {
        self.issuers = issuers
        self.figures = figures
        self.liveDevices = liveDevices
    }
}

/// An event about an issuer, ready to be told.
public struct RotationAnnouncement: Hashable, Sendable {
    /// Names the event; 16 random octets as a UUID.
    public let eventID: DeviceID
    public let kind: HandOffEvent.Kind
    public let announcement: IssuerAnnouncement

    public init(eventID: DeviceID, kind: HandOffEvent.Kind, announcement: IssuerAnnouncement) {
        self.eventID = eventID
        self.kind = kind
        self.announcement = announcement
    }
}

/// A live device that is not known to have an issuer's certificate.
public struct AdoptionGap: Hashable, Sendable {
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Its certificate was issued before the issuer was published; it gets it when it renews.
        case notDelivered = "not-delivered"
        /// It was sent, and the device was not seen since.
        case notSeen = "not-seen"
    }

    public let device: DeviceRecord
    /// Who signed its certificate.
    public let issuerID: String
    public let reason: Reason

    public init(device: DeviceRecord, issuerID: String, reason: Reason) {
        self.device = device
        self.issuerID = issuerID
        self.reason = reason
    }
}
