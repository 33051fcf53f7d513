internal import EnrollmentCore
internal import Testing

extension QueryPlanTests {
    /// Every way of writing where issuers are in their lives.
    static func useRotation(_ ledger: any LedgerUnderTest) async throws {
        try await ledger.foundAuthority(sealing: false)
        try await ledger.prepareIssuer("2027-a")
        try await ledger.take(.publish, "2027-a")
        try await ledger.take(.activate, "2027-a")
        try await ledger.take(.drain, "2026-a")
        try await ledger.prepareIssuer("2028-a")
        try await ledger.take(.publish, "2028-a")
        let activation = try await ledger.change(.activate, "2028-a")
        let announcements = try LedgerFixture.announcements(of: activation, among: try await ledger.issuers())
        try await ledger.rehearse(activation, announcing: announcements, by: LedgerFixture.act(.activateIssuer))
        try await ledger.carryOut(activation)
        try await ledger.announce([CRLShard(issuerID: "2027-a", number: 7)])
        try await ledger.take(.retire, "2027-a")
        try await ledger.prepareIssuer("2029-a")
        try await ledger.take(.publish, "2029-a")
        let act = try await ledger.take(.compromise, "2028-a")
        _ = try await ledger.beginCompromise(of: "2028-a", successor: "2029-a", perMinute: 0, by: act)
        #expect(try await ledger.finishCompromise(of: "2028-a", at: LedgerFixture.start))
        try await ledger.prepareIssuer("root-2", .root)
        let (certificate, receipt) = try await ledger.own()
        let link = LinkCertificate(
            subjectID: "root-2",
            signedBy: LedgerFixture.root,
            serialNumber: certificate.serialNumber,
            certificate: certificate.der
        )
        try await ledger.confirmLink(link, certificate: certificate, receipt: receipt)
    }

    static func askForRotation(_ ledger: any LedgerUnderTest) async throws {
        let now = LedgerFixture.start
        _ = try await ledger.issuerFigures(at: now)
        _ = try await ledger.links()
        _ = try await ledger.compromises()
        _ = try await ledger.revocableCount(of: "2026-a", at: now)
        _ = try await ledger.devicesToRevoke(of: "2026-a", at: now)
        #expect(try await !ledger.devices(lacking: "root-2", at: now, after: nil, limit: 5).elements.isEmpty)
        #expect(try await !ledger.devices(holding: "2026-a", at: now, after: nil, limit: 5).elements.isEmpty)
    }
}
