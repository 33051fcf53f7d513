package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger: FleetQueries {
    package func fallingOut(
        endingBefore moment: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<FallingOutDevice> {
        try await self.readers.read { connection in
            try FleetView(connection: connection).fallingOut(endingBefore: moment, after: after, limit: limit)
        }
    }

    package func fleet(at now: Timestamp) async throws(EnrollmentError) -> FleetHealth {
        try await self.readers.read { try FleetView(connection: $0).health(at: now) }
    }
}
