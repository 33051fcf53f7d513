package import EnrollmentCore

extension LedgerStore {
    /// What replicas have agreed on, by name; empty where nobody has yet.
    package func agreement() async throws(EnrollmentError) -> [AgreedSetting] {
        try await self.read { try AgreementTable(connection: $0).settings() }
    }

    /// Adds what nobody has agreed on yet; of two that add the same name the first decides.
    ///
    /// - Returns: The agreement from now on.
    package func addToAgreement(
        _ settings: [AgreedSetting],
        at now: Timestamp
    ) async throws(EnrollmentError) -> [AgreedSetting] {
        try await self.write(.agreement) { connection in
            let table = AgreementTable(connection: connection)
            for setting in settings { try table.add(setting, at: now) }
            return try table.settings()
        }
    }

    /// Replaces an agreement by another, and records who ordered it.
    ///
    /// Names that `settings` does not have stay: a newer version of the program may know what they mean.
    ///
    /// - Parameters:
    ///   - settings: What is agreed on from now on.
    ///   - former: What is agreed on now, as far as the caller knows.
    ///   - act: Who and why.
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `agreement.changed` when somebody else was
    ///   faster; nothing is changed then.
    package func changeAgreement(
        to settings: [AgreedSetting],
        from former: [AgreedSetting],
        act: AdministrativeAct
    ) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            try ActTable(connection: connection).find(act.traceID) == nil ? nil : ()
        }
        try await self.write(.agreement, .evidence(evidence)) { connection in
            let table = AgreementTable(connection: connection)
            guard try table.settings() == former else {
                throw EnrollmentError(
                    .internalService,
                    "What replicas agree on was changed meanwhile; nothing was done.",
                    rule: "agreement.changed"
                )
            }
            let changes = Set(settings).subtracting(former).sorted { $0.name < $1.name }
            for setting in changes { try table.set(setting, at: act.time) }
            try connection.tell(.agreement)
            try ActTable(connection: connection)
                .record(act, device: nil, facts: changes.map { Fact($0.name, $0.value) })
        }
    }
}
