package import EnrollmentCore

extension LedgerStore {
    /// Records that a backup was made.
    ///
    /// - Parameters:
    ///   - act: Who ordered it; its verb is `backUp`.
    ///   - facts: Where it is and what is in it.
    /// - Throws: ``EnrollmentError`` when the store takes no records.
    package func recordBackup(_ act: AdministrativeAct, facts: [Fact]) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            try ActTable(connection: connection).find(act.traceID)?.act == act ? () : nil
        }
        try await self.write(.none, .evidence(evidence)) { connection in
            try ActTable(connection: connection).record(act, device: nil, facts: facts)
        }
    }

    /// The latest act of a kind that concerns the whole store, such as a backup; `nil` when there was none.
    package func lastAct(_ verb: AdministrativeAct.Verb) async throws(EnrollmentError) -> ActRecord? {
        try await self.read { try ActTable(connection: $0).last(verb) }
    }
}
