public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: RenewalLedger {
    public func candidate(thumbprint: [UInt8]) async throws(EnrollmentError) -> RenewalCandidate? {
        self.state.withLock { state in
            guard let entry = state.certificates.first(where: { $0.record.thumbprint == thumbprint }),
                case let certificate = entry.record,
                let device = certificate.device.flatMap({ state.index(of: $0) }).map({ state.devices[$0] })
            else { return nil }
            return RenewalCandidate(
                certificate: certificate,
                revocation: state.standingRevocation(of: certificate),
                device: device.record,
                permit: state.unused(.renewal, of: device.record.device),
                trusted: device.trusted.union(entry.delivered),
                isHurried: state.issuers.contains { $0.id == certificate.issuerID && $0.moments.hurried != nil }
            )
        }
    }

    public func reserve(
        _ reservation: RenewalReservation
    ) async throws(EnrollmentError) -> RenewalReservationOutcome {
        try self.transaction { (state) throws(EnrollmentError) in try state.reserve(reservation) }
    }

    public func noteConflict(_ sentence: String, on device: DeviceID) async throws(EnrollmentError) {
        self.state.withLock { state in
            guard let index = state.index(of: device) else { return }
            let record = state.devices[index].record
            state.devices[index].record = record.with(
                conflicts: State.merged([sentence], into: record.conflicts)
            )
        }
    }
}

extension InMemoryLedger.State {
    fileprivate func standingRevocation(of certificate: CertificateRecord) -> Revocation? {
        self.revocation.entries[certificate.serialNumber].map {
            Revocation(
                serialNumber: certificate.serialNumber,
                issuerID: certificate.issuerID,
                reason: $0.reason,
                revoked: $0.revoked
            )
        }
    }

    fileprivate mutating func reserve(
        _ reservation: RenewalReservation
    ) throws(EnrollmentError) -> RenewalReservationOutcome {
        let prepared = reservation.prepared
        let candidate = reservation.candidate
        if self.attempts.contains(where: { $0.traceID == reservation.attempt.traceID }) { return .traceIDTaken }
        if self.isRetiredOrWaiting(prepared.draft.issuerID) { return .issuerChanged }
        guard let predecessor = self.index(of: candidate.certificate.serialNumber),
            self.isValid(self.certificates[predecessor].record), candidate.certificate.state == .issued,
            candidate.revocation == nil, let device = self.index(of: candidate.device.device),
            self.certificates[predecessor].record.device == candidate.device.device
        else { return .standingChanged }
        let known = self.devices[device].record
        let mayRenew = known.state.occupiesSlot ? known.state != .held : known.state == .expired
        guard mayRenew, known.state.occupiesSlot == candidate.device.state.occupiesSlot,
            known.userID == candidate.device.userID, known.userID == reservation.user.id
        else { return .standingChanged }
        let permit = self.unused(.renewal, of: known.device)
        if reservation.usesPermit {
            guard let permit, permit == candidate.permit, permit.until >= reservation.now else {
                return .standingChanged
            }
        }
        let tries = self.certificates.count { other in
            other.record.predecessor == candidate.certificate.serialNumber && other.record.state != .closed
                && other.record.recorded > reservation.now.adding(days: -1)
        }
        guard tries < reservation.triesPerDay else { return .tooOften }
        if let reason = self.blockedKeys[prepared.keyDigest] { return .keyBlocked(reason: reason) }
        if let holder = self.holder(ofKey: prepared.keyDigest, otherThan: nil, of: known.userID) {
            return .keyInUse(by: holder.device)
        }
        if self.index(of: prepared.draft.serialNumber) != nil { return .serialNumberTaken }
        if known.state == .expired, let refusal = try self.judgeReturn(reservation, known) { return refusal }

        self.remember(reservation.user, at: reservation.now)
        let conflicts = self.conflicts(of: reservation.claims, by: known.userID, recognizedAs: known)
        self.devices[device].record = known.with(
            state: known.state == .expired ? .reserved : known.state,
            conflicts: Self.merged(conflicts, into: known.conflicts),
            claims: reservation.claims
        )
        self.devices[device].pendingSerial = prepared.draft.serialNumber
        self.see(predecessor, device, at: reservation.now)
        if reservation.usesPermit, let permit { self.use(permit, for: prepared.draft.serialNumber) }
        self.attempts.append(reservation.attempt)
        return .reserved(
            self.recordIntent(
                prepared,
                at: reservation.now,
                device: known.device,
                traceID: reservation.attempt.traceID,
                predecessor: candidate.certificate.serialNumber,
                protection: reservation.protection,
                delivered: reservation.delivered,
                evidence: InMemoryLedger.Evidence(
                    credentialKind: reservation.credentialKind,
                    user: reservation.user,
                    claims: reservation.claims
                )
            )
        )
    }

    private func judgeReturn(
        _ reservation: RenewalReservation,
        _ device: DeviceRecord
    ) throws(EnrollmentError) -> RenewalReservationOutcome? {
        if let hardware = device.hardwareID.flatMap({ DeviceClaims.usable($0) }),
            self.recognized([.hardware(hardware)], of: device.userID) != nil
        {
            throw EnrollmentError(.notEligibleToRenew, "The hardware was enrolled anew.", rule: "renewal.replaced")
        }
        if device.isShared { return nil }
        let limit = self.limit(of: device.userID, otherwise: reservation.limit, at: reservation.now)
        let counted = self.filledSlots(of: device.userID, staleBefore: limit.staleBefore)
        return counted.count >= limit.maximum ? .limitReached(limit, counted: counted) : nil
    }

    mutating func renew(
        _ device: Int,
        holding index: Int,
        from predecessor: SerialNumber,
        _ confirmation: Confirmation
    ) throws(EnrollmentError) {
        guard let former = self.index(of: predecessor), self.isValid(self.certificates[former].record) else {
            throw EnrollmentError(.notEligibleToRenew, "It was overtaken.", rule: "renewal.overtaken")
        }
        let started = confirmation.attempt.started
        let isOvertaken = self.certificates.contains { other in
            guard other.record.predecessor == predecessor, other.record.state == .issued, other.record.seen == nil,
                let attempt = self.attempts.first(where: { $0.traceID == other.traceID })
            else { return false }
            return attempt.started > started && attempt.started <= started.adding(seconds: 3_600)
        }
        if isOvertaken {
            throw EnrollmentError(.notEligibleToRenew, "It was overtaken.", rule: "renewal.overtaken")
        }
        for sibling in self.certificates.indices where sibling != index {
            let record = self.certificates[sibling].record
            guard record.predecessor == predecessor, record.state == .issued, record.seen == nil else { continue }
            self.supersede(sibling, at: confirmation.now)
        }
        let record = self.certificates[former].record
        self.certificates[former].record = record.with(
            supersedeAfter: min(confirmation.supersedeAfter, record.notAfter)
        )
        self.devices[device].record = self.devices[device].record
            .with(state: .active, certificate: confirmation.certificate)
        guard case .renewal(_, let attributes) = confirmation.course else { return }
        self.tell(
            .renewed,
            of: device,
            about: confirmation.certificate.serialNumber,
            id: confirmation.eventID,
            predecessor: predecessor,
            traceID: confirmation.attempt.traceID,
            details: InMemoryLedger.HandOff.details(attributes),
            at: confirmation.now
        )
    }
}
