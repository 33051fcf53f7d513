public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: DeviceLedger {
    public func reset(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let index = state.index(of: order.device) else { return .unknownDevice }
            let device = state.devices[index]
            if device.record.state == .reset { return .already(device.record, by: state.last(.reset, order.device)) }
            let isRetired = device.record.state == .revoked && device.needsPermit
            if let refusal = DeviceOrderRule.reset.refusal(of: device.record, isRetired: isRetired) {
                return .refused(device.record, because: refusal)
            }
            return try state.end(index, as: .reset, telling: .reset, permitUntil: order.permitUntil, order)
        }
    }

    public func retire(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let index = state.index(of: order.device) else { return .unknownDevice }
            let device = state.devices[index]
            if device.record.state == .revoked, device.needsPermit {
                return .already(device.record, by: state.last(.retire, order.device))
            }
            if let refusal = DeviceOrderRule.retire.refusal(of: device.record, isRetired: false) {
                return .refused(device.record, because: refusal)
            }
            return try state.end(index, as: .revoked, telling: .revoked, permitUntil: nil, order)
        }
    }

    public func hold(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let index = state.index(of: order.device) else { return .unknownDevice }
            let device = state.devices[index].record
            if device.state == .held { return .already(device, by: state.last(.hold, order.device)) }
            if let refusal = DeviceOrderRule.hold.refusal(of: device, isRetired: false) {
                return .refused(device, because: refusal)
            }
            let changed = state.held(by: device.device, at: order.act.time).filter { serial in
                state.revoke(serial, reason: .certificateHold, at: order.act.time)
            }
            state.devices[index].heldFrom = device.state
            state.devices[index].record = device.with(state: .held)
            return try state.done(index, changed, .held, order)
        }
    }

    public func resume(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let index = state.index(of: order.device) else { return .unknownDevice }
            let device = state.devices[index].record
            guard device.state == .held else {
                return device.state.occupiesSlot
                    ? .already(device, by: state.last(.resume, order.device))
                    : .refused(device, because: DeviceOrderRule.ended)
            }
            let changed = state.held(by: device.device, at: order.act.time).filter { serial in
                state.lift(serial, at: order.act.time)
            }
            state.devices[index].record = device.with(state: state.devices[index].heldFrom ?? .active)
            state.devices[index].heldFrom = nil
            return try state.done(index, changed, .resumed, order)
        }
    }

    public func permit(
        _ kind: Permit.Kind,
        until: Timestamp,
        _ order: DeviceOrder
    ) async throws(EnrollmentError) -> DeviceOrderOutcome {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let index = state.index(of: order.device) else { return .unknownDevice }
            let device = state.devices[index].record
            if let refusal = DeviceOrderRule.refusal(
                ofPermit: kind,
                until: until,
                at: order.act.time,
                for: device,
                needsPermit: state.devices[index].needsPermit
            ) {
                return .refused(device, because: refusal)
            }
            state.give(kind, to: device.device, until: until)
            let facts = [Fact("permit", kind.rawValue), Fact("until", until.description)]
            try state.record(order.act, device: device.device, facts: facts)
            return .done(DeviceOrderReport(device: device, certificates: [], permitUntil: until, event: nil))
        }
    }

    public func permits(of device: DeviceID, at now: Timestamp) async throws(EnrollmentError) -> [Permit] {
        self.state.withLock { state in
            Permit.Kind.allCases.compactMap { state.unused($0, of: device) }.filter { $0.until >= now }
        }
    }

    public func note(_ contact: Contact) async throws(EnrollmentError) -> ContactOutcome {
        self.state.withLock { $0.note(contact) }
    }

    public func acts(of device: DeviceID, limit: Int) async throws(EnrollmentError) -> [ActRecord] {
        self.state.withLock { Array($0.acts.filter { $0.device == device }.reversed().prefix(max(0, limit))) }
    }

    public func act(_ traceID: TraceID) async throws(EnrollmentError) -> ActRecord? {
        self.state.withLock { $0.acts.first { $0.act.traceID == traceID } }
    }
}

extension InMemoryLedger.State {
    fileprivate func last(_ verb: AdministrativeAct.Verb, _ device: DeviceID) -> AdministrativeAct? {
        self.acts.last { $0.device == device && $0.act.verb == verb }?.act
    }

    /// Certificates, then intents, that have not ended.
    fileprivate func held(by device: DeviceID, at now: Timestamp) -> [SerialNumber] {
        let all = self.certificates.map(\.record).filter { $0.device == device && $0.notAfter >= now }
        return (all.filter { $0.state == .issued } + all.filter { $0.state == .intent }).map(\.serialNumber)
    }

    fileprivate mutating func end(
        _ index: Int,
        as state: DeviceState,
        telling kind: HandOffEvent.Kind,
        permitUntil: Timestamp?,
        _ order: DeviceOrder
    ) throws(EnrollmentError) -> DeviceOrderOutcome {
        let serials = self.held(by: order.device, at: order.act.time)
        let changed = serials.filter { serial in
            self.revoke(serial, reason: order.revocationReason, at: order.act.time)
        }
        for certificate in serials.compactMap({ self.index(of: $0) }) {
            let record = self.certificates[certificate].record
            guard record.state == .issued else { continue }
            self.certificates[certificate].record = record.with(state: .revoked, reason: order.revocationReason.name)
        }
        self.end(index, as: state, needsPermit: true)
        for kind in Permit.Kind.allCases { self.withdraw(kind, of: order.device) }
        if let permitUntil { self.give(.enrollment, to: order.device, until: permitUntil) }
        return try self.done(index, changed, kind, order, permitUntil: permitUntil)
    }

    mutating func end(_ index: Int, as state: DeviceState, needsPermit: Bool) {
        self.devices[index].record = self.devices[index].record.with(state: state)
        self.devices[index].needsPermit = needsPermit
        self.devices[index].heldFrom = nil
        self.devices[index].pendingSerial = nil
    }

    fileprivate mutating func done(
        _ index: Int,
        _ changed: [SerialNumber],
        _ kind: HandOffEvent.Kind,
        _ order: DeviceOrder,
        permitUntil: Timestamp? = nil
    ) throws(EnrollmentError) -> DeviceOrderOutcome {
        let event = self.tell(
            kind,
            of: index,
            about: self.devices[index].record.certificateSerial,
            traceID: order.act.traceID,
            at: order.act.time
        )
        let facts = [Fact("certificates", "\(changed.count)")]
        try self.record(order.act, device: order.device, facts: facts)
        return .done(
            DeviceOrderReport(
                device: self.devices[index].record,
                certificates: changed,
                permitUntil: permitUntil,
                event: event
            )
        )
    }
}
