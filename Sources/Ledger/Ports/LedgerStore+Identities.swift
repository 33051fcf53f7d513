package import EnrollmentCore

extension LedgerStore {
    package func identity(thumbprint: [UInt8]) async throws(EnrollmentError) -> IdentityRecord? {
        try await self.read { try IdentityTable(connection: $0).find(thumbprint: thumbprint) }
    }

    package func staleIdentities(
        afterChange ordinal: Int64,
        afterEvent position: Int64,
        limit: Int
    ) async throws(EnrollmentError) -> StaleIdentities {
        try await self.read {
            try IdentityTable(connection: $0).stale(afterChange: ordinal, afterEvent: position, limit: limit)
        }
    }

    package func newestIdentityChange() async throws(EnrollmentError) -> (change: Int64, event: Int64) {
        let newest = try await self.read { connection in
            let revocations = RevocationTable(connection: connection)
            let outbox = OutboxTable(connection: connection)
            try connection.foresee([{ _ = try revocations.newestChange() }, { _ = try outbox.lastPosition() }])
            return [try revocations.newestChange(), try outbox.lastPosition()]
        }
        return (newest[0], newest[1])
    }
}
