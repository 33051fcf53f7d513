package import EnrollmentCore

extension LedgerStore {
    package func recognize(
        _ keys: [RecognitionKey],
        of userID: String
    ) async throws(EnrollmentError) -> DeviceID? {
        guard !keys.isEmpty else { return nil }
        return try await self.read { connection in
            try DeviceTable(connection: connection).recognized(keys, of: userID)?.device
        }
    }

    package func reserve(_ reservation: Reservation) async throws(EnrollmentError) -> ReservationOutcome {
        let receipt = IntentReceipt(
            serialNumber: reservation.prepared.draft.serialNumber,
            toBeSignedDigest: reservation.prepared.toBeSignedDigest
        )
        var locks = LockPlan(users: [reservation.user.id], keys: [reservation.prepared.keyDigest])
        locks.needsIssuer = true
        let evidence = { @Sendable (connection: LedgerConnection) throws -> ReservationOutcome? in
            try CertificateTable(connection: connection).isIntended(receipt) ? .reserved(receipt) : nil
        }
        return try await self.write(locks, .evidence(evidence)) {
            try ReservationTransaction(reservation, on: $0).run()
        }
    }

    package func confirm(_ confirmation: Confirmation) async throws(EnrollmentError) {
        let locks = LockPlan(serials: [confirmation.receipt.serialNumber])
        try await self.write(locks, .recorded(confirmation.certificate)) {
            try ConclusionTransaction(on: $0).confirm(confirmation)
        }
    }

    package func release(
        _ receipt: IntentReceipt,
        keyUse: AuthorityKeyUse,
        closing attempt: Attempt
    ) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            let known = try AttemptTable(connection: connection).find(attempt.traceID)
            return known?.outcome == attempt.outcome && known?.rule == attempt.rule ? () : nil
        }
        try await self.write(LockPlan(serials: [receipt.serialNumber]), .evidence(evidence)) { connection in
            try ConclusionTransaction(on: connection).release(receipt, keyUse: keyUse, closing: attempt)
        }
    }

    package func releaseReservations(
        madeBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        let serials = try await self.read { connection in
            try CertificateTable(connection: connection).openIntents(recordedBefore: moment, limit: limit)
        }
        guard !serials.isEmpty else { return 0 }
        return try await self.write(LockPlan(serials: serials)) { connection in
            try ConclusionTransaction(on: connection).release(serials, madeBefore: moment, at: now)
        }
    }

    package func supersede(dueBy moment: Timestamp, limit: Int) async throws(EnrollmentError) -> Int {
        let devices = try await self.read { connection in
            try CertificateTable(connection: connection).due(by: moment, limit: limit).map(\.device)
        }
        guard !devices.isEmpty else { return 0 }
        return try await self.write(LockPlan(devices: devices)) { connection in
            try Supersession(on: connection).end(dueBy: moment, of: Set(devices), limit: limit)
        }
    }
}

extension LedgerStore {
    package func record(_ attempt: Attempt) async throws(EnrollmentError) -> Bool {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Bool? in
            try AttemptTable(connection: connection).find(attempt.traceID) == attempt ? true : nil
        }
        // Locked, so that a commit whose outcome is not known has come to its end before anybody looks for it.
        let locks = LockPlan(names: [attempt.traceID.description])
        return try await self.write(locks, .evidence(evidence)) { try AttemptTable(connection: $0).insert(attempt) }
    }

    package func recordEventually(_ attempt: Attempt) {
        self.writeEventually { try AttemptTable(connection: $0).close(attempt) }
    }
}
