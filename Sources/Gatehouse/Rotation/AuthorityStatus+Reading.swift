import Authority
import EnrollmentCore
import Ledger

extension AuthorityStatus {
    /// Reads all of it from the store.
    ///
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    static func read(
        from ledger: any LedgerStore,
        _ configuration: Configuration,
        _ profiles: ProfileFolder,
        at now: Timestamp
    ) async throws(EnrollmentError) -> AuthorityStatus {
        let rotation = try await KeyRotation.read(from: ledger, configuration, at: now)
        var compromises: [CompromiseStanding] = []
        for record in try await ledger.compromises() {
            let remaining = record.finished == nil ? try await ledger.revocableCount(of: record.issuerID, at: now) : 0
            compromises.append(CompromiseStanding(record: record, remaining: remaining))
        }
        return AuthorityStatus(
            store: configuration.store.isShared ? "postgres" : "sqlite",
            rotation: rotation,
            plan: RotationPlanner(rotation, rules: configuration.rotationRules(profiles)).plan,
            crls: try await ledger.shards(),
            compromises: compromises
        )
    }
}

extension KeyRotation {
    /// Issuers as they stand in the store.
    ///
    /// - Throws: ``EnrollmentError`` when the store did not do its part, or holds a certificate that cannot be read.
    static func read(
        from ledger: any LedgerStore,
        _ configuration: Configuration,
        at now: Timestamp
    ) async throws(EnrollmentError) -> KeyRotation {
        try KeyRotation(
            try await ledger.issuerFigures(at: now),
            adoptionThreshold: configuration.adoptionThreshold,
            now: now
        )
    }
}
