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
        let planner = RotationPlanner(
            rotation,
            rules: configuration.rotationRules(profiles),
            listener: try await ledger.serviceCertificate(for: "tls")
        )
        let compromises = try await CompromiseStanding.read(from: ledger, rotation)
        return AuthorityStatus(
            store: configuration.store.isShared ? "postgres" : "sqlite",
            rotation: rotation,
            plan: planner.plan,
            crls: try await ledger.shards(),
            compromises: compromises
        )
    }
}

extension CompromiseStanding {
    /// Of every issuing authority that is compromised, whether anybody has begun to revoke what it signed or not.
    ///
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    static func read(
        from ledger: any LedgerStore,
        _ rotation: KeyRotation
    ) async throws(EnrollmentError) -> [CompromiseStanding] {
        let stopped = rotation.standings.filter { $0.issuer.role == .issuing && $0.state == .compromised }
        guard !stopped.isEmpty else { return [] }
        let records = try await ledger.compromises()
        var standings: [CompromiseStanding] = []
        for standing in stopped {
            standings.append(
                CompromiseStanding(
                    issuerID: standing.id,
                    record: records.first { $0.issuerID == standing.id },
                    remaining: try await ledger.revocableCount(of: standing.id, at: rotation.now)
                )
            )
        }
        return standings
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
