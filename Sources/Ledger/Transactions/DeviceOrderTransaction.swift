internal import EnrollmentCore
internal import SQLText

/// Carries out what a person ordered for one device: certificates, slot, permit, event and record together.
struct DeviceOrderTransaction {
    private let order: DeviceOrder
    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let revocations: RevocationTable
    private let permits: PermitTable
    private let outbox: OutboxTable
    private let acts: ActTable

    init(_ order: DeviceOrder, on connection: LedgerConnection) {
        self.order = order
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.revocations = RevocationTable(connection: connection)
        self.permits = PermitTable(connection: connection)
        self.outbox = OutboxTable(connection: connection)
        self.acts = ActTable(connection: connection)
    }

    private var now: Timestamp { self.order.act.time }

    // MARK: Orders

    func reset() throws -> DeviceOrderOutcome {
        guard let device = try self.devices.find(self.order.device) else { return .unknownDevice }
        if device.state == .reset { return .already(device, by: try self.last(.reset)) }
        let isRetired = try device.state == .revoked && self.devices.needsPermit(device.device)
        if let refusal = DeviceOrderRule.reset.refusal(of: device, isRetired: isRetired) {
            return .refused(device, because: refusal)
        }
        return try self.end(device, as: .reset, telling: .reset, permitUntil: self.order.permitUntil)
    }

    func retire() throws -> DeviceOrderOutcome {
        guard let device = try self.devices.find(self.order.device) else { return .unknownDevice }
        if try device.state == .revoked && self.devices.needsPermit(device.device) {
            return .already(device, by: try self.last(.retire))
        }
        if let refusal = DeviceOrderRule.retire.refusal(of: device, isRetired: false) {
            return .refused(device, because: refusal)
        }
        return try self.end(device, as: .revoked, telling: .revoked, permitUntil: nil)
    }

    func hold() throws -> DeviceOrderOutcome {
        guard let device = try self.devices.find(self.order.device) else { return .unknownDevice }
        if device.state == .held { return .already(device, by: try self.last(.hold)) }
        if let refusal = DeviceOrderRule.hold.refusal(of: device, isRetired: false) {
            return .refused(device, because: refusal)
        }
        var changed: [SerialNumber] = []
        for serial in try self.valid(device.device)
        where try self.revocations.revoke(
            serial,
            reason: .certificateHold,
            at: self.now
        ) { changed.append(serial) }
        try self.devices.hold(device.device)
        return try self.done(device, changed, .held)
    }

    func resume() throws -> DeviceOrderOutcome {
        guard let device = try self.devices.find(self.order.device) else { return .unknownDevice }
        guard device.state == .held else {
            if device.state.occupiesSlot { return .already(device, by: try self.last(.resume)) }
            return .refused(device, because: DeviceOrderRule.ended)
        }
        var changed: [SerialNumber] = []
        for serial in try self.valid(device.device) where try self.revocations.lift(serial, at: self.now) {
            changed.append(serial)
        }
        try self.devices.resume(device.device)
        return try self.done(device, changed, .resumed)
    }

    func permit(_ kind: Permit.Kind, until: Timestamp) throws -> DeviceOrderOutcome {
        guard let device = try self.devices.find(self.order.device) else { return .unknownDevice }
        let needsPermit = try self.devices.needsPermit(device.device)
        if let refusal = DeviceOrderRule.refusal(
            ofPermit: kind,
            until: until,
            at: self.now,
            for: device,
            needsPermit: needsPermit
        ) {
            return .refused(device, because: refusal)
        }
        try self.permits.give(kind, to: device.device, until: until, by: self.order.act)
        try self.acts.record(
            self.order.act,
            device: device.device,
            facts: [Fact("permit", kind.rawValue), Fact("until", until.description)]
        )
        return .done(DeviceOrderReport(device: device, certificates: [], permitUntil: until, event: nil))
    }

    // MARK: Parts

    /// Certificates and intents that have not ended.
    private func valid(_ device: DeviceID) throws -> [SerialNumber] {
        try self.certificates.held(by: device, .issued, at: self.now)
            + self.certificates.held(by: device, .intent, at: self.now)
    }

    /// Revokes what the device holds and frees its slot.
    ///
    /// Its intents stay intents, so that whoever works on one can still say how it ended.
    private func end(
        _ device: DeviceRecord,
        as state: DeviceState,
        telling kind: HandOffEvent.Kind,
        permitUntil: Timestamp?
    ) throws -> DeviceOrderOutcome {
        let reason = self.order.revocationReason
        var changed: [SerialNumber] = []
        for serial in try self.valid(device.device)
        where try self.revocations.revoke(
            serial,
            reason: reason,
            at: self.now
        ) { changed.append(serial) }
        for serial in try self.certificates.held(by: device.device, .issued, at: self.now) {
            try self.certificates.end(serial, as: .revoked, reason: reason.name)
        }
        try self.devices.end(device.device, as: state, needsPermit: true)
        for kind in Permit.Kind.allCases { try self.permits.withdraw(kind, of: device.device) }
        if let permitUntil {
            try self.permits.give(.enrollment, to: device.device, until: permitUntil, by: self.order.act)
        }
        return try self.done(device, changed, kind, permitUntil: permitUntil, reason: reason)
    }

    private func done(
        _ before: DeviceRecord,
        _ changed: [SerialNumber],
        _ kind: HandOffEvent.Kind,
        permitUntil: Timestamp? = nil,
        reason: RevocationReason? = nil
    ) throws -> DeviceOrderOutcome {
        let event = try self.outbox.tell(
            kind,
            of: before.device,
            about: before.certificateSerial,
            traceID: self.order.act.traceID,
            at: self.now
        )
        guard let device = try self.devices.find(before.device) else { throw EnrollmentError.unreadable("a device") }
        var facts = [Fact("state before", before.state.rawValue), Fact("certificates", "\(changed.count)")]
        if let reason { facts.append(Fact("revoked as", reason.name)) }
        if let permitUntil { facts.append(Fact("permit until", permitUntil.description)) }
        try self.acts.record(self.order.act, device: before.device, facts: facts)
        return .done(
            DeviceOrderReport(device: device, certificates: changed, permitUntil: permitUntil, event: event)
        )
    }

    private func last(_ verb: AdministrativeAct.Verb) throws -> AdministrativeAct? {
        try self.acts.last(verb, on: self.order.device)?.act
    }
}
