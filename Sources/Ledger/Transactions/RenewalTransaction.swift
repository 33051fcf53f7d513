internal import EnrollmentCore
internal import SQLText

/// Records the intent of a renewal, inside one transaction that nobody else writes beside.
///
/// Everything is judged before anything is written, so a refusal leaves nothing to take back.
struct RenewalTransaction {
    private let reservation: RenewalReservation
    private let users: UserTable
    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let permits: PermitTable
    private let attempts: AttemptTable
    private let authorities: AuthorityTables
    private let contact: ContactTransaction
    private let connection: LedgerConnection

    /// What the renewal stands on, as it is now.
    private struct Ground {
        let certificate: CertificateTable.Sighting
        let device: DeviceTable.Standing
        let permit: Permit?
    }

    init(_ reservation: RenewalReservation, on connection: LedgerConnection) {
        self.reservation = reservation
        self.connection = connection
        self.users = UserTable(connection: connection)
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.permits = PermitTable(connection: connection)
        self.attempts = AttemptTable(connection: connection)
        self.authorities = AuthorityTables(connection: connection)
        self.contact = ContactTransaction(on: connection)
    }

    func run() throws -> RenewalReservationOutcome {
        try self.foresee()
        let prepared = self.reservation.prepared
        if try self.attempts.holds(self.reservation.attempt.traceID) { return .traceIDTaken }
        if try self.authorities.isRetiredOrWaiting(prepared.draft.issuerID) { return .issuerChanged }
        guard let ground = try self.ground() else { return .standingChanged }
        guard try self.countTries() < self.reservation.triesPerDay else { return .tooOften }
        if let refusal = try self.judgeKey(prepared.keyDigest) { return refusal }
        if try self.certificates.holds(prepared.draft.serialNumber) { return .serialNumberTaken }
        if ground.device.state == .expired, let refusal = try self.judgeReturn(ground.device) { return refusal }

        try self.record(ground)
        return .reserved(
            IntentReceipt(
                serialNumber: prepared.draft.serialNumber,
                toBeSignedDigest: prepared.toBeSignedDigest
            )
        )
    }

    /// Asks what judging takes in one go.
    private func foresee() throws {
        let candidate = self.reservation.candidate
        let prepared = self.reservation.prepared
        let device = candidate.device.device
        try self.connection.foresee([
            { _ = try self.attempts.holds(self.reservation.attempt.traceID) },
            { _ = try self.authorities.isRetiredOrWaiting(prepared.draft.issuerID) },
            { _ = try self.certificates.sighting(of: candidate.certificate.serialNumber) },
            { _ = try self.devices.standing(of: device) },
            { if self.reservation.usesPermit { _ = try self.permits.unused(.renewal, of: device) } },
            { _ = try self.countTries() },
            { _ = try self.judgeKey(prepared.keyDigest) },
            { _ = try self.certificates.holds(prepared.draft.serialNumber) },
            {
                _ = try self.devices.conflicts(
                    of: self.reservation.claims,
                    by: candidate.device.userID,
                    recognizedAs: nil
                )
            },
            { _ = try self.certificates.issued(to: device, before: candidate.certificate.serialNumber) },
        ])
    }

    /// How many successors of the certificate were asked for within a day.
    private func countTries() throws -> Int {
        try self.certificates.countRenewals(
            from: self.reservation.candidate.certificate.serialNumber,
            of: self.reservation.candidate.device.device,
            since: self.reservation.now.adding(days: -1),
            most: self.reservation.triesPerDay
        )
    }

    /// - Returns: `nil` when the candidate is not what it was.
    private func ground() throws -> Ground? {
        let candidate = self.reservation.candidate
        guard let certificate = try self.certificates.sighting(of: candidate.certificate.serialNumber),
            certificate.isValid, certificate.state == candidate.certificate.state,
            certificate.revocation == candidate.revocation,
            let device = try self.devices.standing(of: candidate.device.device),
            certificate.device?.id == device.device, device.state.mayRenew,
            device.state.occupiesSlot == candidate.device.state.occupiesSlot,
            device.userID == candidate.device.userID, device.userID == self.reservation.user.id
        else { return nil }
        guard self.reservation.usesPermit else {
            return Ground(certificate: certificate, device: device, permit: nil)
        }
        guard let permit = try self.permits.unused(.renewal, of: device.device), permit == candidate.permit,
            permit.until >= self.reservation.now
        else { return nil }
        return Ground(certificate: certificate, device: device, permit: permit)
    }

    private func judgeKey(_ digest: [UInt8]) throws -> RenewalReservationOutcome? {
        if let reason = try self.certificates.blockReason(ofKey: digest) { return .keyBlocked(reason: reason) }
        let user = self.reservation.user.id
        guard let holder = try self.certificates.holder(ofKey: digest, otherThan: nil, of: user) else { return nil }
        return .keyInUse(by: DeviceID(octets: holder))
    }

    /// A device that has expired comes back to a slot, unless its hardware has come back already as another device.
    private func judgeReturn(_ device: DeviceTable.Standing) throws -> RenewalReservationOutcome? {
        if let hardware = device.hardwareID.flatMap({ DeviceClaims.usable($0) }),
            let other = try self.devices.recognized([.hardware(hardware)], of: device.userID)
        {
            throw EnrollmentError(
                .notEligibleToRenew,
                "The device expired, and its hardware has since been enrolled as device \(other.device).",
                rule: "renewal.replaced",
                facts: [Fact("device", device.device.description), Fact("replaced by", other.device.description)]
            )
        }
        if device.isShared { return nil }
        let limit = try self.users.limit(
            of: device.userID,
            otherwise: self.reservation.limit,
            at: self.reservation.now
        )
        return try self.devices.exhausted(limit, of: device.userID).map { .limitReached(limit, counted: $0) }
    }

    private func record(_ ground: Ground) throws {
        let now = self.reservation.now
        let prepared = self.reservation.prepared
        let device = ground.device.device
        try self.users.remember(self.reservation.user, at: now)
        let conflicts = try self.devices.conflicts(
            of: self.reservation.claims,
            by: ground.device.userID,
            recognizedAs: ground.device,
            isProven: true
        )
        try self.devices.renewClaims(
            self.reservation,
            conflicts: DeviceTable.merged(conflicts, into: ground.device.conflicts)
        )
        try self.contact.see(ground.certificate, device, at: now)
        if let permit = ground.permit { try self.permits.use(permit, for: prepared.draft.serialNumber) }
        let course = CertificateTable.Course(
            device: device,
            traceID: self.reservation.attempt.traceID,
            predecessor: ground.certificate.serial,
            protection: self.reservation.protection,
            delivered: self.reservation.delivered,
            evidence: CertificateTable.evidence(
                self.reservation.credentialKind,
                of: self.reservation.user,
                self.reservation.claims
            )
        )
        try self.certificates.insert(prepared, at: now, for: course)
        try self.attempts.open(self.reservation.attempt)
    }
}

extension DeviceState {
    /// Whether a device in this state may get its next certificate by renewing.
    fileprivate var mayRenew: Bool {
        switch self {
        case .reserved, .issued, .handedOff, .active, .expired: true
        case .held, .released, .reset, .revoked: false
        }
    }
}
