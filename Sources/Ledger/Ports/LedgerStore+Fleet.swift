package import EnrollmentCore

extension LedgerStore {
    package func fallingOut(
        endingBefore moment: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<FallingOutDevice> {
        try await self.read { connection in
            try FleetView(connection: connection).fallingOut(endingBefore: moment, after: after, limit: limit)
        }
    }

    package func fleet(at now: Timestamp) async throws(EnrollmentError) -> FleetHealth {
        try await self.read { try FleetView(connection: $0).health(at: now) }
    }

    package func managementAccounts() async throws(EnrollmentError) -> [String] {
        try await self.read { try FleetView(connection: $0).managementAccounts() }
    }
}
