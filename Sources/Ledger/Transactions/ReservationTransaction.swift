internal import EnrollmentCore
internal import SQLText

/// Takes a slot and records an intent, inside one transaction that nobody else writes beside.
///
/// Everything is judged before anything is written, so a refusal leaves nothing to take back.
struct ReservationTransaction {
    private let reservation: Reservation
    private let users: UserTable
    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let attempts: AttemptTable
    private let authorities: AuthorityTables
    private let permits: PermitTable
    private let connection: LedgerConnection

    init(_ reservation: Reservation, on connection: LedgerConnection) {
        self.reservation = reservation
        self.connection = connection
        self.permits = PermitTable(connection: connection)
        self.users = UserTable(connection: connection)
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.attempts = AttemptTable(connection: connection)
        self.authorities = AuthorityTables(connection: connection)
    }

    func run() throws -> ReservationOutcome {
        try self.foresee()
        let prepared = self.reservation.prepared
        if try self.attempts.holds(self.reservation.attempt.traceID) { return .traceIDTaken }
        if try self.authorities.isRetiredOrWaiting(prepared.draft.issuerID) { return .issuerChanged }

        let keys = self.reservation.claims.recognitionKeys
        let known = try self.devices.recognized(keys, of: self.reservation.user.id)
        guard known?.device == (self.reservation.isReturning ? self.reservation.device : nil) else {
            return .recognitionChanged
        }
        if known?.state == .held { throw EnrollmentError.deviceHeld(self.reservation.device) }
        let permit = try self.judgePermit()
        if let refusal = try self.judgeKey(prepared.keyDigest) { return refusal }
        if let refusal = try self.judgeLimit(known) { return refusal }
        if try self.certificates.holds(prepared.draft.serialNumber) { return .serialNumberTaken }

        try self.record(known)
        if let permit { try self.permits.use(permit, for: prepared.draft.serialNumber) }
        return .reserved(
            IntentReceipt(
                serialNumber: prepared.draft.serialNumber,
                toBeSignedDigest: prepared.toBeSignedDigest
            )
        )
    }

    /// Asks what judging a new device takes in one go.
    private func foresee() throws {
        let user = self.reservation.user.id
        let claims = self.reservation.claims
        let prepared = self.reservation.prepared
        let limit = self.reservation.limit
        try self.connection.foresee([
            { _ = try self.attempts.holds(self.reservation.attempt.traceID) },
            { _ = try self.authorities.isRetiredOrWaiting(prepared.draft.issuerID) },
            { _ = try self.devices.recognized(claims.recognitionKeys, of: user) },
            { _ = try self.devices.barred(claims, of: user) },
            { _ = try self.judgeKey(prepared.keyDigest) },
            { _ = try self.users.limit(of: user, otherwise: limit, at: self.reservation.now) },
            { _ = try self.devices.countFilledSlots(of: user, staleBefore: limit.staleBefore, most: limit.maximum) },
            { _ = try self.certificates.holds(prepared.draft.serialNumber) },
            { _ = try self.devices.conflicts(of: claims, by: user, recognizedAs: nil) },
        ])
    }

    private func judgeKey(_ digest: [UInt8]) throws -> ReservationOutcome? {
        if let reason = try self.certificates.blockReason(ofKey: digest) { return .keyBlocked(reason: reason) }
        let holder = try self.certificates.holder(
            ofKey: digest,
            otherThan: self.reservation.device,
            of: self.reservation.user.id
        )
        guard let holder else { return nil }
        guard let device = DeviceID(octets: holder) else {
            return .keyBlocked(reason: "The key is one of this service's own.")
        }
        return .keyInUse(by: device)
    }

    /// What hardware that was reset, retired or held to its end needs to come back; `nil` for all other.
    private func judgePermit() throws -> Permit? {
        let claims = self.reservation.claims
        guard let barred = try self.devices.barred(claims, of: self.reservation.user.id) else { return nil }
        let permit = try self.permits.unused(.enrollment, of: barred.device)
        if let permit, permit.until >= self.reservation.now { return permit }
        throw EnrollmentError(
            .authorization,
            "The hardware was \(Self.course(to: barred.state)) as device \(barred.device) and has no"
                + " permit to enroll again. Give it one: gatehouse device permit \(barred.device)",
            rule: "device.permit",
            facts: [
                Fact("device", barred.device.description),
                Fact("state", barred.state.rawValue),
                Fact("permit", permit.map { "ran out at \($0.until)" } ?? "none"),
            ]
        )
    }

    private static func course(to state: DeviceState) -> String {
        switch state {
        case .reset: "reset"
        case .expired: "held until its certificate had ended"
        default: "retired"
        }
    }

    /// A recognised device keeps the slot it fills; one that has gone stale has none to keep and has to find a free one.
    private func judgeLimit(_ known: DeviceTable.Standing?) throws -> ReservationOutcome? {
        let user = self.reservation.user.id
        let limit = try self.users.limit(of: user, otherwise: self.reservation.limit, at: self.reservation.now)
        if let known, known.isShared || known.counts(staleBefore: limit.staleBefore) { return nil }
        guard let counted = try self.devices.exhausted(limit, of: user) else { return nil }
        return .limitReached(limit, counted: counted)
    }

    private func record(_ known: DeviceTable.Standing?) throws {
        let now = self.reservation.now
        try self.users.remember(self.reservation.user, at: now)
        let conflicts = try self.devices.conflicts(
            of: self.reservation.claims,
            by: self.reservation.user.id,
            recognizedAs: known
        )
        if let known {
            let all = DeviceTable.merged(conflicts, into: known.conflicts)
            try self.devices.renewClaims(self.reservation, conflicts: all)
        } else {
            try self.devices.insert(self.reservation, conflicts: conflicts)
        }
        let course = CertificateTable.Course(
            device: self.reservation.device,
            traceID: self.reservation.attempt.traceID,
            previousContact: known?.lastProvenContact,
            protection: self.reservation.protection,
            delivered: self.reservation.delivered,
            evidence: CertificateTable.evidence(
                self.reservation.credentialKind,
                of: self.reservation.user,
                self.reservation.claims
            )
        )
        try self.certificates.insert(self.reservation.prepared, at: now, for: course)
        try self.attempts.open(self.reservation.attempt)
    }
}

extension EnrollmentError {
    static func deviceHeld(_ device: DeviceID) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "The device is held; resume it before it gets another certificate.",
            rule: "device.held",
            facts: [Fact("device", device.description)]
        )
    }
}
