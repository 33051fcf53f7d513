internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, keeping the authority")
struct AuthorityContractTests {
    private static func certificate(for prepared: PreparedCertificate) -> IssuedCertificate {
        IssuedCertificate(
            serialNumber: prepared.draft.serialNumber,
            issuerID: prepared.draft.issuerID,
            der: prepared.toBeSigned,
            thumbprint: LedgerFixture.octets(32),
            windowsThumbprint: LedgerFixture.octets(20),
            validity: prepared.draft.validity
        )
    }

    private static func issuer(_ id: String, _ role: IssuerRecord.Role, by signer: String) -> IssuerRecord {
        IssuerRecord(
            id: id,
            role: role,
            state: .active,
            signedBy: signer,
            certificate: LedgerFixture.octets(500),
            key: role == .root ? .offline : .sealed(LedgerFixture.octets(200)),
            created: LedgerFixture.start
        )
    }

    @Test("keeps issuers in the order they were made", arguments: Implementation.allCases)
    func issuers(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.issuers() == [])
            let issuers = [Self.issuer("root", .root, by: "root"), Self.issuer("2026-a", .issuing, by: "root")]
            for issuer in issuers {
                let prepared = LedgerFixture.prepared()
                let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
                #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
                let certificate = Self.certificate(for: prepared)
                try await ledger.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
                #expect(try await ledger.certificate(receipt.serialNumber)?.der == certificate.der)
            }
            #expect(try await ledger.issuers() == issuers)
        }
    }

    @Test("keeps the first issuer of a name and stores nothing of the second", arguments: Implementation.allCases)
    func issuerTwice(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for attempt in 0..<2 {
                let prepared = LedgerFixture.prepared()
                let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
                let certificate = Self.certificate(for: prepared)
                let issuer = Self.issuer("2026-a", .issuing, by: "root")
                do {
                    try await ledger.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
                    #expect(attempt == 0)
                } catch {
                    #expect(attempt == 1)
                    #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
                }
            }
            #expect(try await ledger.issuers().count == 1)
        }
    }

    @Test("records a serial number once; the same octets again are the same intent", arguments: Implementation.allCases)
    func intentTwice(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let prepared = LedgerFixture.prepared()
            let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
            #expect(try await ledger.recordIntent(prepared, at: LedgerFixture.start) == receipt)
            let other = PreparedCertificate(
                draft: prepared.draft,
                toBeSigned: prepared.toBeSigned + [0],
                toBeSignedDigest: LedgerFixture.octets(32),
                keyDigest: prepared.keyDigest,
                subject: prepared.subject
            )
            await expectCode(.internalService) {
                _ = try await ledger.recordIntent(other, at: LedgerFixture.start)
            }
        }
    }

    @Test("does not end the authority's own intents as old reservations", arguments: Implementation.allCases)
    func ownIntentsStay(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            _ = try await ledger.recordIntent(LedgerFixture.prepared(), at: LedgerFixture.start)
            let late = LedgerFixture.start.adding(days: 9)
            #expect(try await ledger.releaseReservations(madeBefore: late, at: late, limit: 10) == 0)
        }
    }

    @Test("gives the newest service certificate of a use", arguments: Implementation.allCases)
    func service(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.serviceCertificate(for: "tls") == nil)
            var newest: ServiceCertificateRecord?
            for _ in 0..<2 {
                let prepared = LedgerFixture.prepared()
                let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
                let record = ServiceCertificateRecord(
                    use: "tls",
                    serialNumber: receipt.serialNumber,
                    chain: [LedgerFixture.octets(700), LedgerFixture.octets(600)],
                    sealedKey: LedgerFixture.octets(200),
                    notAfter: prepared.draft.validity.notAfter
                )
                try await ledger.confirmService(
                    record,
                    certificate: Self.certificate(for: prepared),
                    receipt: receipt
                )
                newest = record
            }
            #expect(try await ledger.serviceCertificate(for: "tls") == newest)
            #expect(try await ledger.serviceCertificate(for: "ocsp") == nil)
        }
    }

    @Test("stores sealing parameters once and keeps the first", arguments: Implementation.allCases)
    func sealing(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.sealingParameters() == nil)
            try await ledger.storeSealingParameters([1, 2, 3])
            await expectCode(.internalService) { try await ledger.storeSealingParameters([4]) }
            #expect(try await ledger.sealingParameters() == [1, 2, 3])
        }
    }
}
