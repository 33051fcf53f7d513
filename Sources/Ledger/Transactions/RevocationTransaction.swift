internal import EnrollmentCore
internal import SQLText

/// Revokes what an order names, with all that follows from it, inside one transaction.
struct RevocationTransaction {
    /// How many certificates or devices an act's record names one by one; above that it counts them.
    private static let mostNamed = 20

    private let act: AdministrativeAct
    private let reason: RevocationReason
    private let revocations: RevocationTable
    private let certificates: CertificateTable
    private let devices: DeviceTable
    private let attempts: AttemptTable
    private let outbox: OutboxTable
    private let acts: ActTable
    private let permits: PermitTable

    private var outcome = RevocationOutcome()
    private var revoked: Set<SerialNumber> = []
    /// Whose certificates these were, in the order they came up.
    private var touched: [DeviceID] = []
    private var touchedSet: Set<DeviceID> = []

    init(_ order: RevocationOrder, on connection: LedgerConnection) {
        self.act = order.act
        self.reason = order.reason
        self.revocations = RevocationTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.devices = DeviceTable(connection: connection)
        self.attempts = AttemptTable(connection: connection)
        self.outbox = OutboxTable(connection: connection)
        self.acts = ActTable(connection: connection)
        self.permits = PermitTable(connection: connection)
    }

    /// - Throws: ``EnrollmentError`` with code `messageFormat` for an order that names more than it may.
    static func run(_ order: RevocationOrder, on connection: LedgerConnection) throws -> RevocationOutcome {
        guard order.serialNumbers.count <= RevocationOrder.most else {
            throw EnrollmentError(
                .messageFormat,
                "An order names \(RevocationOrder.most) certificates at most; give several.",
                rule: "revocation.most"
            )
        }
        var transaction = RevocationTransaction(order, on: connection)
        try transaction.certificates.foresee(order.serialNumbers)
        try transaction.revocations.foresee(order.serialNumbers)
        var seen: Set<SerialNumber> = []
        for serial in order.serialNumbers where seen.insert(serial).inserted { try transaction.revoke(serial) }
        // A certificate on hold is still the device's own: nothing else follows from it.
        if order.reason != .certificateHold {
            for device in transaction.touched { try transaction.settle(device) }
        }
        try transaction.recordAct()
        return transaction.outcome
    }

    private mutating func revoke(_ serial: SerialNumber) throws {
        guard let certificate = try self.certificates.intent(serial), certificate.state != .closed else {
            if let former = try self.revocations.find(serial) {
                self.outcome.already.append(former)
            } else {
                self.outcome.unknown.append(serial)
            }
            return
        }
        guard try self.revocations.revoke(serial, reason: self.reason, at: self.act.time) else {
            if let former = try self.revocations.find(serial) { self.outcome.already.append(former) }
            return
        }
        self.outcome.revoked.append(serial)
        self.revoked.insert(serial)
        if let device = certificate.device.flatMap({ DeviceID(octets: $0) }), self.touchedSet.insert(device).inserted {
            self.touched.append(device)
        }
        if self.reason != .certificateHold { try self.end(serial, certificate, because: self.reason) }
    }

    /// A certificate that is still to come does not come any more.
    private func end(
        _ serial: SerialNumber,
        _ certificate: CertificateTable.Intent,
        because reason: RevocationReason
    ) throws {
        try self.certificates.end(serial, as: .revoked, reason: reason.name)
        guard certificate.isOpen, let device = certificate.device else { return }
        try self.devices.endReservation(
            of: device,
            serial: serial.octets,
            other: try self.certificates.otherOpenIntent(of: device, besides: serial.octets),
            previousContact: certificate.previousContact
        )
        if let traceID = certificate.traceID { try self.attempts.expire(traceID) }
    }

    /// What the device is after this: with another certificate, or without any and ended.
    private mutating func settle(_ device: DeviceID) throws {
        guard let standing = try self.devices.standing(of: device), standing.state.occupiesSlot else { return }
        for intent in try self.certificates.openIntents(of: device) {
            // What is being made from a revoked certificate must not outlive it.
            guard let predecessor = intent.predecessor, self.revoked.contains(predecessor) else { continue }
            try self.revokeIntent(intent.serial)
        }
        guard let current = standing.certificateSerial.flatMap({ SerialNumber(octets: $0) }),
            self.revoked.contains(current)
        else { return }
        if let next = try self.certificates.newestValid(of: device, at: self.act.time) {
            try self.certificates.keep(next.serial)
            return try self.devices.hold(next.serial, endingAt: next.notAfter, of: device)
        }
        try self.devices.end(device, as: .revoked, needsPermit: false)
        for intent in try self.certificates.openIntents(of: device) { try self.revokeIntent(intent.serial) }
        // Also one that came back from what was under way.
        try self.permits.withdraw(.renewal, of: device)
        try self.outbox
            .tell(.revoked, of: device, about: current, traceID: self.act.traceID, at: self.act.time)
        self.outcome.ended.append(device)
    }

    /// Ends what was under way for a device that has ended; its key is not to blame, so the order's reason is not its.
    private mutating func revokeIntent(_ serial: SerialNumber) throws {
        guard let intent = try self.certificates.intent(serial),
            try self.revocations.revoke(serial, reason: .cessationOfOperation, at: self.act.time)
        else { return }
        try self.end(serial, intent, because: .cessationOfOperation)
        self.outcome.revoked.append(serial)
        self.revoked.insert(serial)
    }

    /// What changed nothing is no act.
    private func recordAct() throws {
        guard !self.outcome.revoked.isEmpty else { return }
        var facts = [Fact("reason", self.reason.name), Fact("revoked", String(self.outcome.revoked.count))]
        if !self.outcome.already.isEmpty { facts.append(Fact("already", String(self.outcome.already.count))) }
        if !self.outcome.unknown.isEmpty { facts.append(Fact("unknown", String(self.outcome.unknown.count))) }
        if !self.outcome.ended.isEmpty { facts.append(Fact("devices-ended", String(self.outcome.ended.count))) }
        if self.outcome.revoked.count <= Self.mostNamed {
            facts += self.outcome.revoked.map { Fact("certificate", $0.description) }
        }
        if self.touched.count > 1, self.touched.count <= Self.mostNamed {
            facts += self.touched.map { Fact("device", $0.description) }
        }
        try self.acts.record(self.act, device: self.touched.count == 1 ? self.touched.first : nil, facts: facts)
    }
}
