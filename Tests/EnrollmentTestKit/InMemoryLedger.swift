public import EnrollmentCore
internal import Synchronization

/// A ledger without a disk that obeys the same contract as the real ones.
///
/// Each operation is one critical section, so racing callers see what a serial database would show them.
public final class InMemoryLedger: Sendable {
    struct Device: Sendable {
        var record: DeviceRecord
        var pendingSerial: SerialNumber?
        var heldFrom: DeviceState?
        var needsPermit = false
        /// Authorities that it is known to have.
        var trusted: Set<String> = []
        /// When its latest enrollment was concluded.
        var issued: Timestamp?
        var isSilenceTold = false
    }

    struct Certificate: Sendable {
        var record: CertificateRecord
        let traceID: TraceID?
        var previousContact: Timestamp?
        var delivered: [String] = []
        var evidence: Evidence?
        var windowsThumbprint: [UInt8]?

        var isOpen: Bool { self.record.state == .intent && self.record.reason == nil }
        var isExpired: Bool { self.record.state == .intent && self.record.reason == "reservation.expired" }
    }

    /// How the identity in a certificate was proven.
    struct Evidence: Sendable {
        let credentialKind: String
        let user: DirectoryUser
        let claims: DeviceClaims
    }

    struct State: Sendable {
        var users: [String: UserRecord] = [:]
        /// In the order of their first reservation.
        var devices: [Device] = []
        var certificates: [Certificate] = []
        var attempts: [Attempt] = []
        var blockedKeys: [[UInt8]: String] = [:]
        var handOff = HandOff()
        var tokens: [APIToken] = []
        /// Used and unused.
        var permits: [Permit] = []
        var issuers: [IssuerRecord] = []
        /// Serial numbers of the issuers' own certificates.
        var issuerSerials: [String: SerialNumber] = [:]
        var links: [LinkCertificate] = []
        var compromises: [CompromiseRecord] = []
        var services: [ServiceCertificateRecord] = []
        var sealing: [UInt8]?
        var ceremonies: [CeremonyRecord] = []
        var revocation = Revocations()
        /// Of certificates that retention removed.
        var proofs: [SerialNumber: CertificateProof] = [:]
        /// Oldest first.
        var acts: [ActRecord] = []
    }

    let state = Mutex(State())

    public init() {}

    /// Runs `body` alone; what it threw leaves nothing behind.
    func transaction<Value: Sendable>(
        _ body: (inout State) throws(EnrollmentError) -> Value
    ) throws(EnrollmentError) -> Value {
        try self.state.withLock { state throws(EnrollmentError) in
            var draft = state
            let value = try body(&draft)
            state = draft
            return value
        }
    }

    static func refusal(_ rule: String) -> EnrollmentError {
        EnrollmentError(.internalService, "Nothing was recorded.", rule: rule)
    }
}

extension InMemoryLedger: EnrollmentLedger {
    public func recognize(
        _ keys: [RecognitionKey],
        of userID: String
    ) async throws(EnrollmentError) -> DeviceID? {
        self.state.withLock { $0.recognized(keys, of: userID)?.record.device }
    }

    public func reserve(_ reservation: Reservation) async throws(EnrollmentError) -> ReservationOutcome {
        try self.transaction { (state) throws(EnrollmentError) in try state.reserve(reservation) }
    }

    public func confirm(_ confirmation: Confirmation) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in try state.confirm(confirmation) }
    }

    public func release(
        _ receipt: IntentReceipt,
        keyUse: AuthorityKeyUse,
        closing attempt: Attempt
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            try state.release(receipt, keyUse: keyUse, closing: attempt)
        }
    }

    public func releaseReservations(
        madeBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let due = state.certificates.indices.filter { index in
                let certificate = state.certificates[index]
                return certificate.isOpen && certificate.record.device != nil
                    && certificate.record.recorded < moment
            }
            let chosen = due.sorted { state.certificates[$0].record.recorded < state.certificates[$1].record.recorded }
                .prefix(max(0, limit))
            for index in chosen {
                state.end(index, as: .intent, reason: "reservation.expired")
                _ = state.revoke(
                    state.certificates[index].record.serialNumber,
                    reason: .cessationOfOperation,
                    at: now
                )
                if let traceID = state.certificates[index].traceID { state.expire(traceID) }
            }
            return chosen.count
        }
    }

    public func supersede(dueBy moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        self.state.withLock { $0.supersede(dueBy: moment, limit: limit) }
    }
}

extension InMemoryLedger: AttemptLedger {
    public func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool {
        self.state.withLock { $0.insert(attempt) }
    }

    public func recordEventually(_ attempt: Attempt) {
        self.state.withLock { state in
            // A closed attempt of the same trace id stays, and there is nobody to tell.
            try? state.close(attempt)
        }
    }
}

extension InMemoryLedger: AuthorityLedger {
    public func issuers() async throws(EnrollmentError) -> [IssuerRecord] {
        self.state.withLock { $0.issuers }
    }

    public func recordIntent(
        _ prepared: PreparedCertificate,
        at now: Timestamp
    ) async throws(EnrollmentError) -> IntentReceipt {
        try self.transaction { (state) throws(EnrollmentError) in
            if let index = state.index(of: prepared.draft.serialNumber) {
                let digest = prepared.toBeSignedDigest
                guard state.certificates[index].record.toBeSignedDigest == digest else {
                    throw Self.refusal("ledger.serialNumber")
                }
                return IntentReceipt(serialNumber: prepared.draft.serialNumber, toBeSignedDigest: digest)
            }
            return state.recordIntent(prepared, at: now)
        }
    }

    public func confirmIssuer(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            guard !state.issuers.contains(where: { $0.id == issuer.id }) else { throw Self.refusal("ledger.store") }
            state.issue(certificate, at: try state.openIntent(receipt, for: certificate))
            state.issuers.append(issuer)
            state.issuerSerials[issuer.id] = certificate.serialNumber
        }
    }

    public func confirmService(
        _ record: ServiceCertificateRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            state.issue(certificate, at: try state.openIntent(receipt, for: certificate))
            state.services.append(record)
        }
    }

    public func serviceCertificate(for use: String) async throws(EnrollmentError) -> ServiceCertificateRecord? {
        self.state.withLock { $0.services.last { $0.use == use } }
    }

    public func sealingParameters() async throws(EnrollmentError) -> [UInt8]? {
        self.state.withLock { $0.sealing }
    }

    public func storeSealingParameters(_ parameters: [UInt8]) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            guard state.sealing == nil else { throw Self.refusal("ledger.sealing") }
            state.sealing = parameters
        }
    }
}

extension InMemoryLedger {
    /// Sets or ends a personal limit; `false` when the user is not known.
    public func setLimitOverride(
        _ limit: LimitOverride?,
        of userID: String
    ) async throws(EnrollmentError) -> Bool {
        self.state.withLock { state in
            guard let user = state.users[userID] else { return false }
            state.users[userID] = UserRecord(
                id: user.id,
                principalName: user.principalName,
                displayName: user.displayName,
                groups: user.groups,
                lastSeen: user.lastSeen,
                limitOverride: limit
            )
            return true
        }
    }

    /// Marks a device as shared; `false` when there is none.
    public func setShared(_ isShared: Bool, _ device: DeviceID) async throws(EnrollmentError) -> Bool {
        self.state.withLock { state in
            guard let index = state.devices.firstIndex(where: { $0.record.device == device }) else { return false }
            state.devices[index].record = state.devices[index].record.with(isShared: isShared)
            return true
        }
    }

    /// The hand-off events' ids, oldest first.
    public func eventIDs() async throws(EnrollmentError) -> [DeviceID] {
        self.state.withLock { $0.handOff.outbox.map(\.event.id) }
    }

    /// The hand-off events, oldest first.
    public func pendingEvents(limit: Int) async throws(EnrollmentError) -> [HandOffEvent] {
        self.state.withLock { Array($0.handOff.outbox.map(\.event).prefix(max(0, limit))) }
    }
}
