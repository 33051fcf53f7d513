package import EnrollmentCore

extension LedgerStore {
    package func issuers() async throws(EnrollmentError) -> [IssuerRecord] {
        try await self.read { try AuthorityTables(connection: $0).issuers() }
    }

    package func recordIntent(
        _ prepared: PreparedCertificate,
        at now: Timestamp
    ) async throws(EnrollmentError) -> IntentReceipt {
        let receipt = IntentReceipt(
            serialNumber: prepared.draft.serialNumber,
            toBeSignedDigest: prepared.toBeSignedDigest
        )
        let evidence = { @Sendable (connection: LedgerConnection) throws -> IntentReceipt? in
            try CertificateTable(connection: connection).isIntended(receipt) ? receipt : nil
        }
        let locks = LockPlan(keys: [prepared.keyDigest], names: LockPlan.authority.names)
        return try await self.write(locks, .evidence(evidence)) { connection in
            let certificates = CertificateTable(connection: connection)
            let serial = prepared.draft.serialNumber
            // Of a certificate that somebody else signed, and that is taken in again after a crash.
            if try certificates.isIntended(receipt) { return receipt }
            guard try !certificates.holds(serial) else {
                throw EnrollmentError(
                    .internalService,
                    "The serial number \(serial) is taken; nothing was recorded.",
                    rule: "ledger.serialNumber"
                )
            }
            try certificates.insert(prepared, at: now)
            return receipt
        }
    }

    package func confirmIssuer(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try await self.write(.authority, .recorded(certificate)) { connection in
            let certificates = CertificateTable(connection: connection)
            _ = try certificates.openIntent(receipt, for: certificate)
            try certificates.issue(certificate)
            try AuthorityTables(connection: connection).insert(issuer, serial: certificate.serialNumber)
        }
    }

    package func confirmService(
        _ record: ServiceCertificateRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try await self.write(.authority, .recorded(certificate)) { connection in
            let certificates = CertificateTable(connection: connection)
            _ = try certificates.openIntent(receipt, for: certificate)
            try certificates.issue(certificate)
            try AuthorityTables(connection: connection).insert(record)
        }
    }

    package func serviceCertificate(for use: String) async throws(EnrollmentError) -> ServiceCertificateRecord? {
        try await self.read { try AuthorityTables(connection: $0).newest(for: use) }
    }

    package func sealingParameters() async throws(EnrollmentError) -> [UInt8]? {
        try await self.read { try AuthorityTables(connection: $0).sealingParameters() }
    }

    /// - Throws: ``EnrollmentError`` with code `internalService` when other parameters are stored; they stay, since
    ///   every sealed key depends on them.
    package func storeSealingParameters(_ parameters: [UInt8]) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            try AuthorityTables(connection: connection).sealingParameters() == parameters ? () : nil
        }
        try await self.write(.authority, .evidence(evidence)) { connection in
            guard try AuthorityTables(connection: connection).insert(sealingParameters: parameters) else {
                throw EnrollmentError(
                    .internalService,
                    "The database has sealing parameters already; its keys depend on them and they were kept.",
                    rule: "ledger.sealing"
                )
            }
        }
    }
}
