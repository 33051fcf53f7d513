internal import EnrollmentCore

/// What becomes of devices and certificates after enrollment.
extension InMemoryLedger.State {
    func index(of device: DeviceID) -> Int? {
        self.devices.firstIndex { $0.record.device == device }
    }

    /// Puts an event under the device's next generation in.
    @discardableResult
    mutating func tell(
        _ kind: HandOffEvent.Kind,
        of device: Int,
        about serial: SerialNumber?,
        id: DeviceID? = nil,
        predecessor: SerialNumber? = nil,
        traceID: TraceID? = nil,
        sealedAccount: [UInt8]? = nil,
        details: [Fact] = [],
        at now: Timestamp
    ) -> DeviceID {
        let record = self.devices[device].record
        let id = id ?? DeviceID(random: (0..<16).map { _ in UInt8.random(in: .min ... .max) })
        self.devices[device].record = record.with(generation: record.generation + 1)
        let event = HandOffEvent(
            id: id,
            kind: kind,
            device: record.device,
            generation: record.generation + 1,
            serialNumber: serial
        )
        // A certificate that gave way is known to whichever server was told of it first.
        let first =
            kind == .superseded
            ? self.handOff.outbox.first { $0.event.device == record.device && $0.event.serialNumber == serial } : nil
        self.handOff.outbox.append(
            InMemoryLedger.HandOff.Entry(
                event: event,
                recorded: now,
                traceID: traceID,
                predecessor: predecessor,
                sealedAccount: sealedAccount,
                subject: nil,
                details: details,
                provider: first?.provider ?? record.providerID
            )
        )
        return id
    }

    // MARK: Supersession

    mutating func supersede(dueBy moment: Timestamp, limit: Int) -> Int {
        let due = self.certificates.indices.compactMap { index -> (index: Int, after: Timestamp)? in
            guard self.certificates[index].record.state == .issued,
                let after = self.certificates[index].record.supersedeAfter, after <= moment
            else { return nil }
            return (index, after)
        }
        var ended = 0
        for (index, _) in due.sorted(by: { $0.after < $1.after }).prefix(max(0, limit)) {
            let record = self.certificates[index].record
            if self.devices.contains(where: { $0.record.certificateSerial == record.serialNumber }) {
                self.certificates[index].record = record.with(supersedeAfter: .some(nil))
            } else {
                self.supersede(index, at: moment)
                ended += 1
            }
        }
        return ended
    }

    mutating func supersede(_ index: Int, at now: Timestamp) {
        let record = self.certificates[index].record
        self.certificates[index].record = record.with(state: .superseded, reason: CertificateRecord.replaced)
        _ = self.revoke(record.serialNumber, reason: .superseded, at: now)
        if let device = record.device.flatMap({ self.index(of: $0) }) {
            self.tell(.superseded, of: device, about: record.serialNumber, at: now)
        }
    }

    // MARK: Contact

    func isValid(_ record: CertificateRecord) -> Bool {
        record.state == .issued && self.revocation.entries[record.serialNumber] == nil
    }

    mutating func note(_ contact: Contact) -> ContactOutcome {
        guard let index = self.certificates.firstIndex(where: { $0.record.thumbprint == contact.thumbprint }) else {
            return .unknown
        }
        let record = self.certificates[index].record
        guard let device = record.device.flatMap({ self.index(of: $0) }), self.isValid(record),
            record.notAfter >= contact.time, self.devices[device].record.state.occupiesSlot,
            self.devices[device].record.state != .held
        else { return .notCurrent(device: record.device) }
        let isFirst = record.seen == nil
        let known = self.devices[device].record
        if isFirst || contact.time.seconds(since: known.lastProvenContact) >= 600 {
            self.see(index, device, at: contact.time)
        }
        return .noted(device: known.device, isFirst: isFirst)
    }

    mutating func see(_ index: Int, _ device: Int, at now: Timestamp) {
        let known = self.devices[device].record
        self.devices[device].record = known.with(lastProvenContact: max(known.lastProvenContact, now))
        for open in self.certificates.indices
        where self.certificates[open].isOpen && self.certificates[open].record.device == known.device {
            self.certificates[open].previousContact = self.certificates[open].previousContact.map { max($0, now) }
        }
        guard self.certificates[index].record.seen == nil else { return }
        self.certificates[index].record = self.certificates[index].record.with(seen: now)
        self.devices[device].trusted.formUnion(self.certificates[index].delivered)
        if known.state == .issued || known.state == .handedOff {
            self.devices[device].record = self.devices[device].record.with(state: .active)
        }
        self.prefer(index, device)
        for older in self.certificates.indices.prefix(upTo: index)
        where self.certificates[older].record.device == known.device
            && self.certificates[older].record.state == .issued
        { self.supersede(older, at: now) }
    }

    private mutating func prefer(_ index: Int, _ device: Int) {
        let record = self.certificates[index].record
        let known = self.devices[device].record
        guard let moment = record.supersedeAfter, known.certificateSerial != record.serialNumber,
            let rival = known.certificateSerial.flatMap({ self.index(of: $0) })
        else { return }
        if rival > index {
            let later = self.certificates[rival].record
            guard later.seen == nil else { return }
            self.certificates[rival].record = later.with(supersedeAfter: min(moment, later.notAfter))
        }
        self.certificates[index].record = record.with(supersedeAfter: .some(nil))
        self.devices[device].record = known.with(currentSerial: record.serialNumber, ends: record.notAfter)
    }

    // MARK: Permits

    func unused(_ kind: Permit.Kind, of device: DeviceID) -> Permit? {
        self.permits.first { $0.kind == kind && $0.device == device && $0.usedFor == nil }
    }

    mutating func withdraw(_ kind: Permit.Kind, of device: DeviceID) {
        self.permits.removeAll { $0.kind == kind && $0.device == device && $0.usedFor == nil }
    }

    mutating func give(_ kind: Permit.Kind, to device: DeviceID, until: Timestamp) {
        self.withdraw(kind, of: device)
        self.permits.append(Permit(kind: kind, device: device, until: until, usedFor: nil))
    }

    mutating func use(_ permit: Permit, for serial: SerialNumber) {
        self.withdraw(permit.kind, of: permit.device)
        self.permits.append(
            Permit(kind: permit.kind, device: permit.device, until: permit.until, usedFor: serial)
        )
    }

    mutating func giveBackPermit(usedFor serial: SerialNumber) {
        guard let index = self.permits.firstIndex(where: { $0.usedFor == serial }) else { return }
        let permit = self.permits.remove(at: index)
        let state = self.index(of: permit.device).map { self.devices[$0].record.state }
        let isMoot = permit.kind == .renewal && state?.occupiesSlot != true && state != .expired
        if isMoot || self.unused(permit.kind, of: permit.device) != nil { return }
        self.permits.append(Permit(kind: permit.kind, device: permit.device, until: permit.until, usedFor: nil))
    }
}
