package import EnrollmentCore

extension LedgerStore {
    package func sealedKeys() async throws(EnrollmentError) -> SealedKeys {
        // Under the lock, so that it is as of one moment in a store of many writers too.
        try await self.write(.authority) { try SealingTable(connection: $0).keys() }
    }

    package func reseal(_ change: Resealing, act: AdministrativeAct) async throws(EnrollmentError) {
        try await self.write(.authority, .actRecorded(act)) { connection in
            try SealingTable(connection: connection).apply(change)
            try ActTable(connection: connection).record(act, device: nil, facts: change.facts)
        }
    }

    /// What hand-off events hold sealed, oldest first.
    ///
    /// - Parameters:
    ///   - last: The ordinal of the last one that was seen; 0 to begin.
    ///   - limit: So many at most.
    /// - Returns: Each with its device.
    /// - Throws: ``EnrollmentError`` when the store does not answer.
    package func sealedAccounts(
        after last: Int64,
        limit: Int
    ) async throws(EnrollmentError) -> [(ordinal: Int64, device: DeviceID, sealed: [UInt8])] {
        try await self.read { try OutboxTable(connection: $0).sealedAccounts(after: last, limit: limit) }
    }
}

extension LedgerStore {
    package func openCeremony(
        _ ceremony: CeremonyRecord,
        act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try await self.write(.authority, .actRecorded(act)) { connection in
            let table = CeremonyTable(connection: connection)
            let other = try table.all().first {
                $0.state == .open && $0.kind == ceremony.kind && $0.issuerID == ceremony.issuerID
            }
            if let other { throw EnrollmentError.ceremonyOpen(other) }
            try table.insert(ceremony)
            let facts = [
                Fact("ceremony", ceremony.id), Fact("kind", ceremony.kind.rawValue), Fact("issuer", ceremony.issuerID),
            ]
            try ActTable(connection: connection).record(act, device: nil, facts: facts)
        }
    }

    package func ceremonies() async throws(EnrollmentError) -> [CeremonyRecord] {
        try await self.read { try CeremonyTable(connection: $0).all() }
    }

    package func closeCeremony(
        _ id: String,
        as state: CeremonyRecord.State,
        act: AdministrativeAct
    ) async throws(EnrollmentError) -> Bool {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Bool? in
            // The act alone proves nothing: what came back is taken in under the same one.
            let record = try CeremonyTable(connection: connection).all().first { $0.id == id }
            return record?.state == state && record?.ended == act.time ? true : nil
        }
        return try await self.write(.authority, .evidence(evidence)) { connection in
            let table = CeremonyTable(connection: connection)
            guard try table.all().contains(where: { $0.id == id }) else {
                throw EnrollmentError(
                    .internalService,
                    "There is no ceremony \(id) in this store.",
                    rule: "ceremony.unknown"
                )
            }
            guard try table.close(id, as: state, at: act.time) else { return false }
            let facts = [Fact("ceremony", id), Fact("state", state.rawValue)]
            try ActTable(connection: connection).record(act, device: nil, facts: facts)
            return true
        }
    }
}

extension CommitDoubt where Value == Void {
    /// Whether the act is on record: only the transaction that did it can have put it there.
    static func actRecorded(_ act: AdministrativeAct) -> CommitDoubt<Void> {
        .evidence { try ActTable(connection: $0).find(act.traceID) == nil ? nil : () }
    }
}
