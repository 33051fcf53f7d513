package import EnrollmentCore

extension LedgerStore {
    /// Sets or, with `nil`, ends a user's personal device limit.
    ///
    /// - Returns: `false` when the ledger does not know the user.
    package func setLimitOverride(
        _ limit: LimitOverride?,
        of userID: String
    ) async throws(EnrollmentError) -> Bool {
        try await self.write(LockPlan(users: [userID])) { try UserTable(connection: $0).setOverride(limit, of: userID) }
    }

    /// Marks a device as shared, so that it fills nobody's slot, or takes the mark back.
    ///
    /// - Returns: `false` when there is no such device.
    package func setShared(_ isShared: Bool, _ device: DeviceID) async throws(EnrollmentError) -> Bool {
        try await self.write(LockPlan(devices: [device])) {
            try DeviceTable(connection: $0).setShared(isShared, device)
        }
    }

    /// Hand-off events that wait, oldest first.
    package func pendingEvents(limit: Int) async throws(EnrollmentError) -> [HandOffEvent] {
        try await self.read { try OutboxTable(connection: $0).pending(limit: limit) }
    }

    /// Whether requests for a key, by SHA-256 over its SubjectPublicKeyInfo, are refused.
    package func isBlocked(_ digest: [UInt8]) async throws(EnrollmentError) -> Bool {
        try await self.read { try CertificateTable(connection: $0).blockReason(ofKey: digest) != nil }
    }
}
