internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when issuers stop for good")
struct RotationEndTests {
    private static let old = LedgerFixture.issuer
    private static let new = "2027-a"

    private static func day(_ number: Int) -> Timestamp { LedgerFixture.start.adding(days: number) }

    @Test(
        "retires an issuer that has ended without asking for CRLs that nobody makes",
        arguments: Implementation.allCases
    )
    func lastCRLsAfterTheEnd(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.announce([CRLShard(issuerID: Self.old, number: 3)])
            let enrolled = try await ledger.enrolled(by: Self.old, shard: 3)
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)
            // Revoked by housekeeping after the issuer's end, so that no CRL shows it.
            let end = Self.day(3_651)
            _ = try await ledger.revoke(LedgerFixture.order([enrolled.serial], at: end))
            #expect(
                await rule {
                    try await ledger.carryOut(
                        try await ledger.change(.retire, Self.old, at: Self.day(400)),
                        at: Self.day(400)
                    )
                } == "rotation.last-crl"
            )
            try await ledger.carryOut(try await ledger.change(.retire, Self.old, at: end), at: end)
            #expect(try await ledger.issuer(Self.old).key == .destroyed)
        }
    }

    // MARK: Who signed

    @Test(
        "takes no issuer, link or service certificate by one that was stopped meanwhile",
        arguments: Implementation.allCases
    )
    func signerStopped(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let (below, belowReceipt) = try await ledger.own()
            let (listener, listenerReceipt) = try await ledger.own(by: Self.old)
            let (responder, responderReceipt) = try await ledger.own(by: Self.old)
            let (draining, drainingReceipt) = try await ledger.own(by: Self.old)
            try await ledger.prepareIssuer("root-2", .root)
            let (link, linkReceipt) = try await ledger.own()
            try await ledger.take(.publish, "root-2")
            try await ledger.take(.compromise, LedgerFixture.root)
            try await ledger.prepareIssuer(Self.new, signedBy: "root-2")
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)

            let issuer = LedgerFixture.issuer("2028-a", certificate: below)
            let act = LedgerFixture.act(.prepareIssuer)
            #expect(
                await rule {
                    try await ledger.confirmPrepared(issuer, certificate: below, receipt: belowReceipt, act: act)
                } == "rotation.changed"
            )
            #expect(try await ledger.certificate(below.serialNumber)?.state == .intent)
            #expect(try await ledger.act(act.traceID) == nil)
            let vouching = LinkCertificate(
                subjectID: "root-2",
                signedBy: LedgerFixture.root,
                serialNumber: link.serialNumber,
                certificate: link.der
            )
            #expect(
                await rule { try await ledger.confirmLink(vouching, certificate: link, receipt: linkReceipt) }
                    == "rotation.changed"
            )
            #expect(try await ledger.links() == [])
            func confirm(_ use: String, _ certificate: IssuedCertificate, _ receipt: IntentReceipt) async throws {
                let record = ServiceCertificateRecord(
                    use: use,
                    serialNumber: certificate.serialNumber,
                    chain: [certificate.der],
                    sealedKey: LedgerFixture.octets(200),
                    notAfter: certificate.validity.notAfter
                )
                try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
            }
            #expect(await rule { try await confirm("tls", listener, listenerReceipt) } == "rotation.changed")
            #expect(try await ledger.serviceCertificate(for: "tls") == nil)
            // One that drains still has somebody speak for it.
            try await confirm("ocsp/\(Self.old)", draining, drainingReceipt)
            try await ledger.take(.compromise, Self.old)
            #expect(
                await rule { try await confirm("ocsp/\(Self.old)", responder, responderReceipt) } == "rotation.changed"
            )
            #expect(try await ledger.certificate(responder.serialNumber)?.state == .intent)
        }
    }

    @Test(
        "leaves nothing of what a published issuer had ready when it is taken back",
        arguments: Implementation.allCases
    )
    func cleared(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            let shards = (0...1).map { CRLShard(issuerID: Self.new, number: $0) }
            let kept = CRLShard(issuerID: Self.old, number: 0)
            try await ledger.announce(shards + [kept])
            try await ledger.makeCRL(of: shards[0], at: Self.day(1))
            for id in [Self.old, Self.new] {
                let (certificate, receipt) = try await ledger.own(by: id)
                let record = ServiceCertificateRecord(
                    use: "ocsp/\(id)",
                    serialNumber: certificate.serialNumber,
                    chain: [certificate.der],
                    sealedKey: LedgerFixture.octets(200),
                    notAfter: certificate.validity.notAfter
                )
                try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
            }
            try await ledger.take(.abort, Self.new, at: Self.day(2))
            #expect(try await ledger.serviceCertificate(for: "ocsp/\(Self.new)") == nil)
            #expect(try await ledger.serviceCertificate(for: "ocsp/\(Self.old)") != nil)
            #expect(try await ledger.crl(of: shards[0]) == nil)
            // A replica that has not heard of it yet makes none known again.
            try await ledger.announce(shards)
            let known = try await ledger.shards().map(\.shard)
            #expect(known.filter { $0.issuerID == Self.new } == [])
            #expect(known.contains(kept))
        }
    }
}
