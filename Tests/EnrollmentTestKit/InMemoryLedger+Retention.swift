public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: RetentionLedger {
    public func expire(
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let due = state.devices.indices.compactMap { index -> (index: Int, ends: Timestamp)? in
                let device = state.devices[index]
                guard device.record.state.occupiesSlot, device.pendingSerial == nil,
                    let ends = device.record.certificateEnds, ends < moment
                else { return nil }
                return (index, ends)
            }
            let chosen = due.sorted { $0.ends < $1.ends }.prefix(max(0, limit))
            for (index, _) in chosen {
                let isHeld = state.devices[index].record.state == .held
                state.end(index, as: .expired, needsPermit: isHeld)
                state.tell(.expired, of: index, about: state.devices[index].record.certificateSerial, at: now)
            }
            return chosen.count
        }
    }

    public func pruneAttempts(startedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let live = Set(state.devices.map(\.record).filter { $0.state.occupiesSlot }.map { Optional($0.device) })
            func isRefusedRenewal(_ attempt: Attempt) -> Bool {
                attempt.operation == .renewal && attempt.outcome == .refused
            }
            let chosen = state.attempts.indices.filter { index in
                let attempt = state.attempts[index]
                let isLatest =
                    isRefusedRenewal(attempt) && live.contains(attempt.device)
                    && !state.attempts[(index + 1)...].contains {
                        isRefusedRenewal($0) && $0.device == attempt.device
                    }
                return attempt.started < moment && attempt.outcome != .open && !isLatest
            }.prefix(max(0, limit))
            for index in chosen.reversed() { state.attempts.remove(at: index) }
            return chosen.count
        }
    }

    public func pruneCertificates(
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let due = state.certificates.indices.filter { state.isRemovable($0, endedBefore: moment) }
            let chosen = due.sorted { state.certificates[$0].record.notAfter < state.certificates[$1].record.notAfter }
                .prefix(max(0, limit))
            for index in chosen.sorted(by: >) { state.remove(index, at: now) }
            return chosen.count
        }
    }

    public func proof(of serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateProof? {
        self.state.withLock { $0.proofs[serialNumber] }
    }

    public func pruneChanges(recordedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let chosen = state.revocation.changes.indices.filter { index in
                let change = state.revocation.changes[index]
                let through = state.revocation.shards[change.shard]?.published?.facts.through ?? 0
                return change.recorded < moment && change.ordinal <= through
            }.prefix(max(0, limit))
            for index in chosen.reversed() { state.revocation.changes.remove(at: index) }
            return chosen.count
        }
    }
}

extension InMemoryLedger.State {
    fileprivate func isRemovable(_ index: Int, endedBefore moment: Timestamp) -> Bool {
        let record = self.certificates[index].record
        let serial = record.serialNumber
        let isOpen = self.certificates[index].isOpen && record.device != nil
        let isCurrent = self.devices.contains {
            $0.record.certificateSerial == serial && $0.record.state.occupiesSlot
        }
        let isIssuers =
            self.issuers.contains { $0.certificate == record.der }
            || self.links.contains { $0.serialNumber == record.serialNumber }
        let isInService = self.services.contains { service in
            service.serialNumber == serial
                && self.services.last { $0.use == service.use }?.serialNumber == serial
        }
        let isListed = self.revocation.entries[serial].map { entry in
            guard let former = self.revocation.shards[entry.shard]?.formerUpdate else { return true }
            return record.notAfter >= former
        }
        return record.notAfter < moment && !isOpen && !isCurrent && !isIssuers && !isInService && isListed != true
    }

    fileprivate mutating func remove(_ index: Int, at now: Timestamp) {
        let record = self.certificates.remove(at: index).record
        let entry = self.revocation.entries.removeValue(forKey: record.serialNumber)
        self.services.removeAll { $0.serialNumber == record.serialNumber }
        guard record.state != .closed else { return }
        self.proofs[record.serialNumber] = CertificateProof(
            serialNumber: record.serialNumber,
            issuerID: record.issuerID,
            digest: record.thumbprint ?? record.toBeSignedDigest,
            notAfter: record.notAfter,
            revocation: entry.map {
                Revocation(
                    serialNumber: record.serialNumber,
                    issuerID: record.issuerID,
                    reason: $0.reason,
                    revoked: $0.revoked
                )
            },
            pruned: now
        )
    }
}
