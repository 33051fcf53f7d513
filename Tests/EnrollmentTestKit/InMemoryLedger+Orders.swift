internal import EnrollmentCore

extension InMemoryLedger.State {
    mutating func revoke(_ order: RevocationOrder) throws(EnrollmentError) -> RevocationOutcome {
        guard order.serialNumbers.count <= RevocationOrder.most else {
            throw EnrollmentError(.messageFormat, "The order names too many.", rule: "revocation.most")
        }
        var outcome = RevocationOutcome()
        var touched: [DeviceID] = []
        var seen: Set<SerialNumber> = []
        for serial in order.serialNumbers where seen.insert(serial).inserted {
            guard let index = self.index(of: serial), self.certificates[index].record.state != .closed else {
                if let former = self.revocation(of: serial) {
                    outcome.already.append(former)
                } else {
                    outcome.unknown.append(serial)
                }
                continue
            }
            guard self.revoke(serial, reason: order.reason, at: order.act.time) else {
                if let former = self.revocation(of: serial) { outcome.already.append(former) }
                continue
            }
            outcome.revoked.append(serial)
            if let device = self.certificates[index].record.device, !touched.contains(device) { touched.append(device) }
            if order.reason != .certificateHold { self.conclude(index, because: order.reason) }
        }
        if order.reason != .certificateHold {
            for device in touched { self.settle(device, by: order.act, &outcome) }
        }
        guard !outcome.revoked.isEmpty else { return outcome }
        try self.record(
            order.act,
            device: touched.count == 1 ? touched.first : nil,
            facts: Self.facts(of: outcome, order.reason, touched)
        )
        return outcome
    }

    private static func facts(
        of outcome: RevocationOutcome,
        _ reason: RevocationReason,
        _ touched: [DeviceID]
    ) -> [Fact] {
        var facts = [Fact("reason", reason.name), Fact("revoked", String(outcome.revoked.count))]
        let counts = [
            ("already", outcome.already.count), ("unknown", outcome.unknown.count),
            ("devices-ended", outcome.ended.count),
        ]
        facts += counts.filter { $0.1 > 0 }.map { Fact($0.0, String($0.1)) }
        if outcome.revoked.count <= 20 { facts += outcome.revoked.map { Fact("certificate", $0.description) } }
        if (2...20).contains(touched.count) { facts += touched.map { Fact("device", $0.description) } }
        return facts
    }

    /// The certificate is revoked now; one still to come does not come any more.
    private mutating func conclude(_ index: Int, because reason: RevocationReason) {
        let certificate = self.certificates[index]
        self.end(index, as: .revoked, reason: reason.name)
        if certificate.isOpen, let traceID = certificate.traceID { self.expire(traceID) }
    }

    private mutating func settle(_ id: DeviceID, by act: AdministrativeAct, _ outcome: inout RevocationOutcome) {
        let now = act.time
        guard let device = self.devices.firstIndex(where: { $0.record.device == id }),
            self.devices[device].record.state.occupiesSlot
        else { return }
        let revoked = Set(outcome.revoked)
        let fromRevoked = self.openIntents(of: id) { $0.predecessor.map { revoked.contains($0) } ?? false }
        self.revokeIntents(fromRevoked, at: now, &outcome)
        guard let current = self.devices[device].record.certificateSerial, revoked.contains(current) else { return }
        let next = self.certificates.lastIndex {
            $0.record.device == id && $0.record.state == .issued && $0.record.notAfter >= now
        }
        if let next {
            let record = self.certificates[next].record.with(supersedeAfter: .some(nil))
            self.certificates[next].record = record
            self.devices[device].record = self.devices[device].record
                .with(currentSerial: record.serialNumber, ends: record.notAfter)
            return
        }
        self.end(device, as: .revoked, needsPermit: false)
        self.revokeIntents(self.openIntents(of: id) { _ in true }, at: now, &outcome)
        self.withdraw(.renewal, of: id)
        self.tell(.revoked, of: device, about: current, traceID: act.traceID, at: now)
        outcome.ended.append(id)
    }

    private func openIntents(of device: DeviceID, where fits: (CertificateRecord) -> Bool) -> [Int] {
        self.certificates.indices.filter { index in
            let certificate = self.certificates[index]
            return certificate.isOpen && certificate.record.device == device && fits(certificate.record)
        }
    }

    private mutating func revokeIntents(_ indices: [Int], at now: Timestamp, _ outcome: inout RevocationOutcome) {
        for index in indices {
            let serial = self.certificates[index].record.serialNumber
            guard self.revoke(serial, reason: .cessationOfOperation, at: now) else { continue }
            self.conclude(index, because: .cessationOfOperation)
            outcome.revoked.append(serial)
        }
    }

    func revocation(of serial: SerialNumber) -> Revocation? {
        guard let entry = self.revocation.entries[serial] else { return self.proofs[serial]?.revocation }
        return Revocation(
            serialNumber: serial,
            issuerID: entry.shard.issuerID,
            reason: entry.reason,
            revoked: entry.revoked
        )
    }

    func status(of serial: SerialNumber, issuedBy issuerID: String) -> CertificateStatus {
        let record = self.index(of: serial).map { self.certificates[$0].record }
        guard let issuer = record?.issuerID ?? self.proofs[serial]?.issuerID, issuer == issuerID,
            record?.state != .closed
        else { return .unknown }
        return self.revocation(of: serial).map { .revoked(reason: $0.reason, at: $0.revoked) } ?? .good
    }

    /// A certificate that could be revoked, and its place in the list: by device where a user is asked for.
    struct Revocable {
        let serialNumber: SerialNumber
        let device: Int
        let certificate: Int
    }

    func revocable(_ selection: RevocationSelection, at now: Timestamp) -> [Revocable] {
        var found: [Revocable] = []
        for (index, certificate) in self.certificates.enumerated() {
            let record = certificate.record
            guard self.isRevocable(record, by: selection, at: now), let device = self.place(record, in: selection)
            else { continue }
            found.append(Revocable(serialNumber: record.serialNumber, device: device, certificate: index))
        }
        return found.sorted { ($0.device, $0.certificate) < ($1.device, $1.certificate) }
    }

    /// `nil` for a certificate that the selection does not name.
    private func place(_ record: CertificateRecord, in selection: RevocationSelection) -> Int? {
        switch selection {
        case .serialNumber(let serial): record.serialNumber == serial ? 0 : nil
        case .thumbprint(let digest): record.thumbprint == digest ? 0 : nil
        case .device(let device): record.device == device ? 0 : nil
        case .key(let digest): record.keyDigest == digest ? 0 : nil
        case .issuer(let id): record.issuerID == id ? 0 : nil
        case .user(let id):
            self.devices.firstIndex { $0.record.device == record.device && $0.record.userID == id }
        }
    }

    private func isRevocable(_ record: CertificateRecord, by selection: RevocationSelection, at now: Timestamp) -> Bool
    {
        guard record.state != .closed, record.notAfter >= now else { return false }
        let former = self.revocation.entries[record.serialNumber]?.reason
        if case .key = selection { return former != .keyCompromise && former != .cACompromise }
        return (record.state == .issued || record.state == .intent)
            && (former == nil || former == .certificateHold)
    }
}

extension DeviceRecord {
    /// The same device with another current certificate.
    func with(currentSerial: SerialNumber, ends: Timestamp) -> DeviceRecord {
        DeviceRecord(
            device: self.device,
            state: self.state,
            userID: self.userID,
            userPrincipalName: self.userPrincipalName,
            name: self.name,
            enrollmentType: self.enrollmentType,
            hardwareID: self.hardwareID,
            claimedDeviceID: self.claimedDeviceID,
            osVersion: self.osVersion,
            model: self.model,
            isShared: self.isShared,
            generation: self.generation,
            firstEnrolled: self.firstEnrolled,
            lastProvenContact: self.lastProvenContact,
            certificateSerial: currentSerial,
            certificateEnds: ends,
            conflicts: self.conflicts,
            providerID: self.providerID,
            ownership: self.ownership,
            ownershipRule: self.ownershipRule
        )
    }
}
