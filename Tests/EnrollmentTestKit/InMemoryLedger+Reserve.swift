internal import EnrollmentCore

extension InMemoryLedger.State {
    mutating func reserve(_ reservation: Reservation) throws(EnrollmentError) -> ReservationOutcome {
        let prepared = reservation.prepared
        let user = reservation.user
        if self.attempts.contains(where: { $0.traceID == reservation.attempt.traceID }) { return .traceIDTaken }
        if self.isRetiredOrWaiting(prepared.draft.issuerID) { return .issuerChanged }
        let known = self.recognized(reservation.claims.recognitionKeys, of: user.id)?.record
        guard known?.device == (reservation.isReturning ? reservation.device : nil) else { return .recognitionChanged }
        if known?.state == .held { throw Self.held(reservation.device) }
        let permit = try self.judgePermit(reservation)
        if let refusal = self.judgeKey(prepared.keyDigest, of: reservation.device, user: user.id) { return refusal }
        if let refusal = self.judgeLimit(reservation, known) { return refusal }
        if self.index(of: prepared.draft.serialNumber) != nil { return .serialNumberTaken }
        let conflicts = self.conflicts(of: reservation.claims, by: user.id, recognizedAs: known)
        self.remember(user, at: reservation.now)
        self.takeSlot(reservation, known, conflicts)
        if let permit { self.use(permit, for: prepared.draft.serialNumber) }
        self.attempts.append(reservation.attempt)
        return .reserved(
            self.recordIntent(
                prepared,
                at: reservation.now,
                device: reservation.device,
                traceID: reservation.attempt.traceID,
                previousContact: known?.lastProvenContact,
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

    mutating func remember(_ user: DirectoryUser, at now: Timestamp) {
        self.users[user.id] = UserRecord(
            id: user.id,
            principalName: user.principalName,
            displayName: user.displayName,
            groups: user.groups,
            lastSeen: now,
            limitOverride: self.users[user.id]?.limitOverride
        )
    }

    /// What hardware that was reset or retired needs to come back.
    private func judgePermit(_ reservation: Reservation) throws(EnrollmentError) -> Permit? {
        let claims = reservation.claims
        guard claims.usableHardwareID != nil || !claims.deviceID.isEmpty else { return nil }
        let latest = self.devices.last { device in
            let record = device.record
            guard record.userID == reservation.user.id, record.state != .released else { return false }
            return claims.usableHardwareID.map { record.hardwareID == $0 }
                ?? (record.claimedDeviceID.lowercased() == claims.deviceID.lowercased())
        }
        guard let latest, latest.needsPermit else { return nil }
        if let permit = self.unused(.enrollment, of: latest.record.device), permit.until >= reservation.now {
            return permit
        }
        throw EnrollmentError(.authorization, "The hardware needs a permit.", rule: "device.permit")
    }

    private func judgeKey(_ digest: [UInt8], of device: DeviceID, user: String) -> ReservationOutcome? {
        if let reason = self.blockedKeys[digest] { return .keyBlocked(reason: reason) }
        guard let holder = self.holder(ofKey: digest, otherThan: device, of: user) else { return nil }
        return holder.device.map { .keyInUse(by: $0) }
            ?? .keyBlocked(reason: "The key is one of this service's own.")
    }

    /// Who else has a certificate with this key, or an intent of one that is not an ended one of this user.
    func holder(ofKey digest: [UInt8], otherThan device: DeviceID?, of user: String) -> CertificateRecord? {
        let owned = Set(self.devices.map(\.record).filter { $0.userID == user }.map { Optional($0.device) })
        return self.certificates.map(\.record).first { record in
            let isOwnEndedIntent = record.state == .intent && record.reason != nil && owned.contains(record.device)
            return record.keyDigest == digest && record.state != .closed
                && (device == nil || record.device != device) && !isOwnEndedIntent
        }
    }

    private func judgeLimit(_ reservation: Reservation, _ known: DeviceRecord?) -> ReservationOutcome? {
        let limit = self.limit(of: reservation.user.id, otherwise: reservation.limit, at: reservation.now)
        if let known, known.isShared || known.counts(staleBefore: limit.staleBefore) { return nil }
        let counted = self.filledSlots(of: reservation.user.id, staleBefore: limit.staleBefore)
        return counted.count >= limit.maximum ? .limitReached(limit, counted: counted) : nil
    }

    func limit(of userID: String, otherwise limit: DeviceLimit, at now: Timestamp) -> DeviceLimit {
        guard let override = self.users[userID]?.limitOverride, override.until > now else { return limit }
        return DeviceLimit(maximum: override.maximum, rule: "override", staleBefore: limit.staleBefore)
    }

    func conflicts(of claims: DeviceClaims, by userID: String, recognizedAs known: DeviceRecord?) -> [String] {
        var conflicts: [String] = []
        if claims.hasPlaceholderHardwareID { conflicts.append("The claimed hardware id is a placeholder.") }
        let strangers = self.devices.map(\.record).filter { $0.userID != userID }
        if let hardware = claims.usableHardwareID {
            for other in strangers where other.hardwareID == hardware && other.state.occupiesSlot {
                conflicts.append("The same hardware id is claimed by device \(other.device).")
            }
        }
        if let before = claims.contradictedHardwareID(known?.hardwareID) {
            conflicts.append("The device repeats our id from another machine than \(before).")
        }
        if let own = claims.managementDeviceID, strangers.contains(where: { $0.device == own }) {
            conflicts.append("The device repeats our id \(own) of another user.")
        }
        return conflicts
    }

    private mutating func takeSlot(_ reservation: Reservation, _ known: DeviceRecord?, _ conflicts: [String]) {
        let claims = reservation.claims
        let record = DeviceRecord(
            device: reservation.device,
            state: known?.state ?? .reserved,
            userID: reservation.user.id,
            userPrincipalName: reservation.user.principalName,
            name: claims.deviceName ?? "",
            enrollmentType: claims.enrollmentType,
            hardwareID: claims.hardwareID?.lowercased(),
            claimedDeviceID: claims.deviceID,
            osVersion: claims.osVersion,
            model: claims.model,
            isShared: known?.isShared ?? false,
            generation: known?.generation ?? 0,
            firstEnrolled: known?.firstEnrolled ?? reservation.now,
            lastProvenContact: reservation.now,
            certificateSerial: known?.certificateSerial,
            certificateEnds: known?.certificateEnds,
            conflicts: Self.merged(conflicts, into: known?.conflicts ?? []),
            providerID: known?.providerID ?? "",
            ownership: known?.ownership ?? .unstated,
            ownershipRule: known?.ownershipRule ?? ""
        )
        let serial = reservation.prepared.draft.serialNumber
        if let index = self.devices.firstIndex(where: { $0.record.device == record.device }) {
            self.devices[index].record = record
            self.devices[index].pendingSerial = serial
        } else {
            self.devices.append(InMemoryLedger.Device(record: record, pendingSerial: serial))
        }
    }

    static func merged(_ fresh: [String], into known: [String]) -> [String] {
        Array((known + fresh.filter { !known.contains($0) }).suffix(8))
    }
}
