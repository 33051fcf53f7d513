package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger {
    /// Sets or, with `nil`, ends a user's personal device limit.
    ///
    /// - Returns: `false` when the ledger does not know the user.
    package func setLimitOverride(
        _ limit: LimitOverride?,
        of userID: String
    ) async throws(EnrollmentError) -> Bool {
        try await self.write { try UserTable(connection: $0).setOverride(limit, of: userID) }
    }

    /// Marks a device as shared, so that it fills nobody's slot, or takes the mark back.
    ///
    /// - Returns: `false` when there is no such device.
    package func setShared(_ isShared: Bool, _ device: DeviceID) async throws(EnrollmentError) -> Bool {
        try await self.write { try DeviceTable(connection: $0).setShared(isShared, device) }
    }

    /// Hand-off events that wait, oldest first.
    package func pendingEvents(limit: Int) async throws(EnrollmentError) -> [HandOffEvent] {
        try await self.readers.read { try OutboxTable(connection: $0).pending(limit: limit) }
    }
}
