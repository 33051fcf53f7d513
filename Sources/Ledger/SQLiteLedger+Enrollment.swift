package import EnrollmentCore
internal import SQLiteKit

extension SQLiteLedger: EnrollmentLedger {
    package func recognize(
        _ keys: [RecognitionKey],
        of userID: String
    ) async throws(EnrollmentError) -> DeviceID? {
        guard !keys.isEmpty else { return nil }
        return try await self.readers.read { connection in
            try DeviceTable(connection: connection).recognized(keys, of: userID)?.device
        }
    }

    package func reserve(_ reservation: Reservation) async throws(EnrollmentError) -> ReservationOutcome {
        try await self.write { try ReservationTransaction(reservation, on: $0).run() }
    }

    package func confirm(_ confirmation: Confirmation) async throws(EnrollmentError) {
        try await self.write { try ConclusionTransaction(on: $0).confirm(confirmation) }
    }

    package func release(
        _ receipt: IntentReceipt,
        keyUse: AuthorityKeyUse,
        closing attempt: Attempt
    ) async throws(EnrollmentError) {
        try await self.write { connection in
            try ConclusionTransaction(on: connection).release(receipt, keyUse: keyUse, closing: attempt)
        }
    }

    package func releaseReservations(
        madeBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        try await self.write { try ConclusionTransaction(on: $0).release(madeBefore: moment, at: now, limit: limit) }
    }

    package func supersede(dueBy moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        try await self.write { try Supersession(on: $0).end(dueBy: moment, limit: limit) }
    }
}

extension SQLiteLedger: AttemptLedger {
    package func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool {
        try await self.write { try AttemptTable(connection: $0).insert(attempt) }
    }

    package func recordEventually(_ attempt: Attempt) {
        self.writeEventually { try AttemptTable(connection: $0).close(attempt) }
    }
}
