internal import EnrollmentCore
internal import SQLiteKit

/// Takes a slot and records an intent, inside one transaction that nobody else writes beside.
///
/// Everything is judged before anything is written, so a refusal leaves nothing to take back.
struct ReservationTransaction {
    private let reservation: Reservation
    private let users: UserTable
    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let attempts: AttemptTable

    init(_ reservation: Reservation, on connection: SQLiteConnection) {
        self.reservation = reservation
        self.users = UserTable(connection: connection)
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.attempts = AttemptTable(connection: connection)
    }

    func run() throws -> ReservationOutcome {
        let prepared = self.reservation.prepared
        if try self.attempts.holds(self.reservation.attempt.traceID) { return .traceIDTaken }

        let keys = self.reservation.claims.recognitionKeys
        let known = try self.devices.recognized(keys, of: self.reservation.user.id)
        guard known?.device == (self.reservation.isReturning ? self.reservation.device : nil) else {
            return .recognitionChanged
        }
        if known?.state == .held { throw Self.held(self.reservation.device) }
        if let refusal = try self.judgeKey(prepared.keyDigest) { return refusal }
        if let refusal = try self.judgeLimit(known) { return refusal }
        if try self.certificates.holds(prepared.draft.serialNumber) { return .serialNumberTaken }

        try self.record(known)
        return .reserved(
            IntentReceipt(
                serialNumber: prepared.draft.serialNumber,
                toBeSignedDigest: prepared.toBeSignedDigest
            )
        )
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

    /// A recognised device keeps the slot it fills; one that has gone stale has none to keep and has to find a free one.
    private func judgeLimit(_ known: DeviceTable.Standing?) throws -> ReservationOutcome? {
        let user = self.reservation.user.id
        let limit = try self.users.limit(of: user, otherwise: self.reservation.limit, at: self.reservation.now)
        if let known, known.isShared || known.counts(staleBefore: limit.staleBefore) { return nil }
        let filled = try self.devices.countFilledSlots(
            of: user,
            staleBefore: limit.staleBefore,
            most: limit.maximum
        )
        guard filled >= limit.maximum else { return nil }
        let counted = try self.devices.filledSlots(of: user, staleBefore: limit.staleBefore)
        return .limitReached(limit, counted: counted)
    }

    private func record(_ known: DeviceTable.Standing?) throws {
        let now = self.reservation.now
        try self.users.remember(self.reservation.user, at: now)
        let conflicts = try self.devices.conflicts(of: self.reservation, recognizedAs: known)
        if let known {
            let fresh = conflicts.filter { !known.conflicts.contains($0) }
            let all = (known.conflicts + fresh).suffix(DeviceTable.mostConflicts)
            try self.devices.renewClaims(self.reservation, conflicts: Array(all))
        } else {
            try self.devices.insert(self.reservation, conflicts: conflicts)
        }
        try self.certificates.insert(
            self.reservation.prepared,
            at: now,
            device: self.reservation.device,
            traceID: self.reservation.attempt.traceID,
            previousContact: known?.lastProvenContact,
            evidence: self.evidence
        )
        guard try self.attempts.insert(self.reservation.attempt) else {
            throw EnrollmentError(.internalService, "A trace id was taken meanwhile.", rule: "ledger.traceID")
        }
    }

    /// How the identity was proven and what the device claimed, as it was when the intent was recorded.
    private var evidence: [UInt8] {
        var writer = FieldWriter()
        writer.append(self.reservation.credentialKind)
        writer.append(self.reservation.user.id)
        writer.append(self.reservation.user.principalName)
        writer.append(self.reservation.user.source)
        writer.append(self.reservation.claims.deviceID)
        writer.append(self.reservation.claims.enrollmentType.rawValue)
        for item in self.reservation.claims.items {
            writer.append(item.name)
            writer.append(item.value)
        }
        return writer.octets
    }

    private static func held(_ device: DeviceID) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "The device is held; resume it before it enrolls again.",
            rule: "device.held",
            facts: [Fact("device", device.description)]
        )
    }
}
