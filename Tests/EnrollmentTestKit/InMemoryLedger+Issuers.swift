internal import EnrollmentCore

extension InMemoryLedger.State {
    // MARK: Counting

    func liveDevices(at now: Timestamp) -> [InMemoryLedger.Device] {
        self.devices.filter { $0.record.state.occupiesSlot && $0.record.certificateEnds.map { $0 >= now } ?? false }
    }

    func countLive(of issuer: String, at now: Timestamp) -> Int {
        let listener = self.services.last { $0.use == "tls" }?.serialNumber
        let issuers = self.issuers.filter { $0.signedBy != $0.id && $0.key != .destroyed }
        let own = Set(issuers.compactMap { self.issuerSerials[$0.id] } + [listener].compactMap(\.self))
        return self.certificates.count { certificate in
            let record = certificate.record
            guard record.issuerID == issuer, record.notAfter >= now else { return false }
            if record.device == nil { return record.state == .issued && own.contains(record.serialNumber) }
            return record.state == .issued || certificate.isOpen
        }
    }

    func gap(of device: InMemoryLedger.Device, for issuer: String) -> AdoptionGap? {
        guard let index = device.record.certificateSerial.flatMap({ self.index(of: $0) }) else { return nil }
        return AdoptionGap(
            device: device.record,
            issuerID: self.certificates[index].record.issuerID,
            reason: self.certificates[index].delivered.contains(issuer) ? .notSeen : .notDelivered
        )
    }

    // MARK: Steps

    mutating func apply(
        _ change: RotationChange,
        _ announcements: [RotationAnnouncement],
        _ act: AdministrativeAct
    ) throws(EnrollmentError) {
        guard !change.isNothing else { return }
        let wanted = change.announcements.map { [$0.kind.rawValue, $0.id] }
        guard wanted == announcements.map({ [$0.kind.rawValue, $0.announcement.id] }) else {
            throw InMemoryLedger.refusal("rotation.announcements")
        }
        if change.needsNothingLive, self.countLive(of: change.id, at: act.time) > 0 {
            throw InMemoryLedger.rotation("in-use")
        }
        if change.moves.contains(where: { $0.to == .retired }) { try self.judgeLastCRLs(of: change.id, at: act.time) }
        for move in change.moves {
            guard let index = self.issuers.firstIndex(where: { $0.id == move.id && $0.state == move.from }) else {
                throw InMemoryLedger.rotation("changed")
            }
            self.issuers[index] = self.issuers[index].moved(to: move.to, at: act.time)
        }
        if change.hurries {
            guard let index = self.issuers.firstIndex(where: { $0.id == change.id && $0.state == .draining }) else {
                throw InMemoryLedger.rotation("changed")
            }
            self.issuers[index] = self.issuers[index].with { $0.hurried = $0.hurried ?? act.time }
        }
        for id in change.destroyedKeys {
            guard let index = self.issuers.firstIndex(where: { $0.id == id }) else { continue }
            self.issuers[index] = self.issuers[index].with(key: .destroyed)
        }
        for move in change.moves where move.to == .aborted { self.clear(move.id) }
        for (id, reason) in change.revokedIssuers.sorted(by: { $0.key < $1.key }) {
            guard let index = self.issuerSerials[id].flatMap({ self.index(of: $0) }) else {
                throw InMemoryLedger.rotation("changed")
            }
            let record = self.certificates[index].record
            guard self.revoke(record.serialNumber, reason: reason, at: act.time) else { continue }
            self.certificates[index].record = record.with(state: .revoked, reason: reason.name)
        }
        for announcement in announcements { self.tell(announcement, by: act) }
        try self.record(act, device: nil, facts: change.facts)
    }

    /// What it had prepared for its work.
    private mutating func clear(_ id: String) {
        self.services.removeAll { $0.use == "ocsp/\(id)" }
        let named = Set(self.revocation.changes.map(\.shard))
        self.revocation.shards = self.revocation.shards.filter { $0.key.issuerID != id || named.contains($0.key) }
    }

    private func judgeLastCRLs(of id: String, at now: Timestamp) throws(EnrollmentError) {
        guard let index = self.issuerSerials[id].flatMap({ self.index(of: $0) }) else {
            throw InMemoryLedger.rotation("changed")
        }
        let end = self.certificates[index].record.notAfter
        guard end > now else { return }
        for (shard, standing) in self.revocation.shards where shard.issuerID == id {
            let through = standing.published?.facts.through ?? 0
            let isWaiting = self.revocation.changes.contains { $0.shard == shard && $0.ordinal > through }
            let isNamed = self.certificates.contains {
                $0.record.issuerID == id && $0.record.crlShard == shard.number && $0.record.state != .closed
            }
            let isClosed = standing.published.map { $0.facts.nextUpdate >= end } ?? !isNamed
            guard isClosed, !isWaiting else { throw InMemoryLedger.rotation("last-crl") }
        }
    }

    private mutating func tell(_ announcement: RotationAnnouncement, by act: AdministrativeAct) {
        self.handOff.outbox.append(
            InMemoryLedger.HandOff.Entry(
                event: HandOffEvent(
                    id: announcement.eventID,
                    kind: announcement.kind,
                    device: nil,
                    generation: 0,
                    serialNumber: nil
                ),
                recorded: act.time,
                traceID: act.traceID,
                predecessor: nil,
                sealedAccount: nil,
                subject: announcement.announcement.id,
                details: announcement.announcement.details
            )
        )
    }
}

extension IssuerRecord {
    func moved(to state: State, at now: Timestamp) -> IssuerRecord {
        self.with(state: state) { moments in
            if self.state == .active { moments.deposed = now }
            switch state {
            case .published: moments.published = now
            case .active: moments.activated = now
            case .retired, .aborted, .compromised: moments.ended = now
            case .prepared, .draining, .crlOnly: break
            }
        }
    }

    fileprivate func with(
        state: State? = nil,
        key: KeyLocation? = nil,
        _ change: (inout Moments) -> Void = { _ in }
    ) -> IssuerRecord {
        var moments = self.moments
        change(&moments)
        return IssuerRecord(
            id: self.id,
            role: self.role,
            state: state ?? self.state,
            signedBy: self.signedBy,
            certificate: self.certificate,
            key: key ?? self.key,
            created: self.created,
            moments: moments
        )
    }
}
