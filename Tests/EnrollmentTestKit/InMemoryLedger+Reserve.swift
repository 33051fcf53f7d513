internal import EnrollmentCore

extension InMemoryLedger.State {
    mutating func reserve(_ reservation: Reservation) throws(EnrollmentError) -> ReservationOutcome {
        let prepared = reservation.prepared
        let user = reservation.user
        if self.attempts.contains(where: { $0.traceID == reservation.attempt.traceID }) { return .traceIDTaken }
        let known = self.recognized(reservation.claims.recognitionKeys, of: user.id)?.record
        guard known?.device == (reservation.isReturning ? reservation.device : nil) else { return .recognitionChanged }
        if known?.state == .held {
            throw EnrollmentError(.authorization, "The device is held.", rule: "device.held")
        }
        if let refusal = self.judgeKey(prepared.keyDigest, of: reservation.device, user: user.id) { return refusal }
        if let refusal = self.judgeLimit(reservation, known) { return refusal }
        if self.index(of: prepared.draft.serialNumber) != nil { return .serialNumberTaken }
        let conflicts = self.conflicts(of: reservation, recognizedAs: known)
        self.users[user.id] = UserRecord(
            id: user.id,
            principalName: user.principalName,
            displayName: user.displayName,
            groups: user.groups,
            lastSeen: reservation.now,
            limitOverride: self.users[user.id]?.limitOverride
        )
        self.takeSlot(reservation, known, conflicts)
        self.attempts.append(reservation.attempt)
        return .reserved(
            self.recordIntent(
                prepared,
                at: reservation.now,
                device: reservation.device,
                traceID: reservation.attempt.traceID,
                previousContact: known?.lastProvenContact
            )
        )
    }

    private func judgeKey(_ digest: [UInt8], of device: DeviceID, user: String) -> ReservationOutcome? {
        if let reason = self.blockedKeys[digest] { return .keyBlocked(reason: reason) }
        let owned = Set(self.devices.map(\.record).filter { $0.userID == user }.map { Optional($0.device) })
        let holder = self.certificates.first { certificate in
            let record = certificate.record
            let isOwnEndedIntent = record.state == .intent && record.reason != nil && owned.contains(record.device)
            return record.keyDigest == digest && record.state != .closed && record.device != device
                && !isOwnEndedIntent
        }
        guard let holder else { return nil }
        return holder.record.device.map { .keyInUse(by: $0) }
            ?? .keyBlocked(reason: "The key is one of this service's own.")
    }

    private func judgeLimit(_ reservation: Reservation, _ known: DeviceRecord?) -> ReservationOutcome? {
        var limit = reservation.limit
        if let override = self.users[reservation.user.id]?.limitOverride, override.until > reservation.now {
            limit = DeviceLimit(maximum: override.maximum, rule: "override", staleBefore: limit.staleBefore)
        }
        if let known, known.isShared || known.counts(staleBefore: limit.staleBefore) { return nil }
        let counted = self.filledSlots(of: reservation.user.id, staleBefore: limit.staleBefore)
        return counted.count >= limit.maximum ? .limitReached(limit, counted: counted) : nil
    }

    private func conflicts(of reservation: Reservation, recognizedAs known: DeviceRecord?) -> [String] {
        let claims = reservation.claims
        var conflicts: [String] = []
        if claims.hasPlaceholderHardwareID { conflicts.append("The claimed hardware id is a placeholder.") }
        let strangers = self.devices.map(\.record).filter { $0.userID != reservation.user.id }
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
            conflicts: (known?.conflicts ?? []) + conflicts.filter { known?.conflicts.contains($0) != true }
        )
        let device = InMemoryLedger.Device(
            record: record,
            pendingSerial: reservation.prepared.draft.serialNumber
        )
        if let index = self.devices.firstIndex(where: { $0.record.device == record.device }) {
            self.devices[index] = device
        } else {
            self.devices.append(device)
        }
    }
}
