package import EnrollmentCore

extension LedgerStore {
    package func expire(
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        let due = try await self.read {
            try DeviceTable(connection: $0).ended(before: moment, limit: limit).map(\.device)
        }
        guard !due.isEmpty else { return 0 }
        return try await self.write(LockPlan(devices: due)) { connection in
            let devices = DeviceTable(connection: connection)
            let outbox = OutboxTable(connection: connection)
            let ended = try devices.ended(before: moment, limit: limit).filter { due.contains($0.device) }
            for (device, serial, isHeld) in ended {
                try devices.end(device, as: .expired, needsPermit: isHeld)
                try outbox.tell(.expired, of: device, about: serial, at: now)
            }
            return ended.count
        }
    }

    package func pruneAttempts(startedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        try await self.write(.retention) {
            try Retention(connection: $0).pruneAttempts(startedBefore: moment, limit: limit)
        }
    }

    package func pruneCertificates(
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        let serials = try await self.read { connection in
            try Retention(connection: connection).removable(endedBefore: moment, limit: limit)
        }
        guard !serials.isEmpty else { return 0 }
        return try await self.write(LockPlan(serials: serials)) { connection in
            try Retention(connection: connection)
                .pruneCertificates(Set(serials), endedBefore: moment, at: now, limit: limit)
        }
    }

    package func proof(of serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateProof? {
        try await self.read { try Retention(connection: $0).proof(of: serialNumber) }
    }

    package func pruneChanges(recordedBefore moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        try await self.write(.retention) {
            try Retention(connection: $0).pruneChanges(recordedBefore: moment, limit: limit)
        }
    }
}
