internal import EnrollmentCore
internal import Ledger
internal import Testing

@Suite("The SQLite ledger's statements")
struct QueryPlanTests {
    /// What may do without an index: the count of a bounded subquery, tables of a few rows, and sorting the few users
    /// who ever had one principal name.
    private static func isHarmless(_ step: String, in statement: String) -> Bool {
        [
            "SCAN issuer", "SCAN sqlite_master", "SCAN sqlite_schema", "SCAN crl_shard", "SCAN counted", "SCAN ending",
            "SCAN newest", "SCAN feed", "SCAN destination", "SCAN t", "SCAN api_token", "SCAN s", "SCAN waiting",
            "SCAN first",
        ].contains(step) || step.hasPrefix("SCAN (subquery")
            // The index holds what has no place yet, and nothing else.
            || step.hasSuffix(" USING INDEX outbox_unplaced")
            // What is under way, and nothing else.
            || step == "SCAN certificate USING INDEX certificate_open" && statement.hasPrefix("SELECT count(*)")
            // Every live device is to be counted, by their one index alone.
            || step == "SCAN device USING COVERING INDEX device_trust" && statement.contains("GROUP BY trusted")
            // A few rows in the life of a service.
            || ["SCAN link_certificate", "SCAN k", "SCAN compromise", "SCAN i", "SCAN CONSTANT ROW"].contains(step)
            || step.hasPrefix("USE TEMP B-TREE")
                && ["FROM link_certificate", "FROM compromise"].contains { statement.contains($0) }
            || step.hasPrefix("USE TEMP B-TREE") && statement.contains("WHERE principal_key = ?1")
            // Asked for when a key is lost, and never by the service: a device with several certificates counts once.
            || step == "USE TEMP B-TREE FOR count(DISTINCT)" && statement.contains("count(DISTINCT c.device)")
            // As many as are placed at once.
            || step.hasPrefix("USE TEMP B-TREE") && statement.contains("row_number()")
    }

    @Test("all use an index and never sort or scan a table")
    func plans() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await folder.openLedger()
        try await Self.useEverything(ledger)
        let plans = try await ledger.queryPlans()
        #expect(plans.count > 40)
        for (statement, plan) in plans {
            for step in plan where step.hasPrefix("SCAN") || step.contains("TEMP B-TREE") {
                #expect(Self.isHarmless(step, in: statement), "\(step) in \(statement)")
            }
        }
        await ledger.close()
    }

    @Test("that are made all the time look at nothing that is told of, or only waits")
    func handOffPlans() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await folder.openLedger()
        try await Self.useEverything(ledger)
        let plans = try await ledger.queryPlans()
        for (words, index) in [("silence_told = 0", "device_untold"), ("state = 'dead'", "delivery_dead")] {
            let found = plans.filter { $0.key.hasPrefix("SELECT") && $0.key.contains(words) }
            #expect(!found.isEmpty)
            for (statement, plan) in found {
                #expect(plan.contains { $0.contains("INDEX \(index) ") }, "\(plan) in \(statement)")
            }
        }
        await ledger.close()
    }

    /// Calls every operation with every shape of filter, so that every statement has been prepared.
    static func useEverything(_ ledger: any LedgerUnderTest) async throws {
        let user = LedgerFixture.user()
        let claims = LedgerFixture.claims(hardware: nil, deviceID: "abc")
        let reservation = LedgerFixture.reservation(of: user, claims: claims)
        try await ledger.enroll(reservation)
        let own = LedgerFixture.claims(own: reservation.device)
        let again = LedgerFixture.reservation(of: user, claims: own, device: reservation.device)
        let receipt = try #require(try await ledger.reserve(again).receipt)
        try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: again))
        try await ledger.enroll(LedgerFixture.reservation(of: user, claims: own, device: reservation.device))
        _ = try await ledger.reserve(LedgerFixture.reservation(of: user, limit: 0))
        _ = try await ledger.reserve(LedgerFixture.reservation(of: user))
        _ = try await ledger.releaseReservations(
            madeBefore: LedgerFixture.start.adding(days: 1),
            at: LedgerFixture.start.adding(days: 1),
            limit: 10
        )
        _ = try await ledger.supersede(dueBy: LedgerFixture.start.adding(days: 2), limit: 10)
        _ = try await ledger.blockKey(
            LedgerFixture.octets(32),
            act: LedgerFixture.act(.blockKey, at: LedgerFixture.start, reason: "leaked")
        )
        _ = try await ledger.setLimitOverride(nil, of: user.id)
        _ = try await ledger.setShared(false, reservation.device)
        _ = try await ledger.recordIntent(LedgerFixture.prepared(), at: LedgerFixture.start)
        _ = try await ledger.record(LedgerFixture.attempt())
        try await ledger.storeSealingParameters([1])
        try await self.useRevocation(ledger, again)
        try await self.useLife(ledger)
        try await self.useHandOff(ledger)
        try await self.useRotation(ledger)
        // Reads go around the readers in turn, so each is asked twice.
        for _ in 0..<2 {
            _ = try await ledger.recognize([.device(again.device), .hardware("a"), .enrollment("b")], of: "nobody")
            for query in [
                DeviceQuery(), DeviceQuery(userID: user.id), DeviceQuery(state: .issued),
            ] { _ = try await ledger.devices(query) }
            _ = try await ledger.device(reservation.device)
            _ = try await ledger.devices(matching: reservation.device.description, limit: 5)
            for query in [
                CertificateQuery(), CertificateQuery(state: .intent), CertificateQuery(issuerID: "2026-a"),
                CertificateQuery(state: .intent, issuerID: "2026-a"), CertificateQuery(device: reservation.device),
            ] { _ = try await ledger.certificates(query) }
            _ = try await ledger.certificate(receipt.serialNumber)
            _ = try await ledger.certificate(thumbprint: LedgerFixture.octets(32))
            for query in [
                AttemptQuery(), AttemptQuery(outcome: .refused), AttemptQuery(operation: .policy),
                AttemptQuery(userID: user.id), AttemptQuery(claimedName: "kim"), AttemptQuery(device: again.device),
            ] { _ = try await ledger.attempts(query) }
            _ = try await ledger.attempt(reservation.attempt.traceID)
            _ = try await ledger.user("nobody")
            _ = try await ledger.counted(userID: user.id, staleBefore: LedgerFixture.start)
            _ = try await ledger.pendingEvents(limit: 5)
            _ = try await ledger.issuers()
            _ = try await ledger.serviceCertificate(for: "tls")
            _ = try await ledger.sealingParameters()
            try await self.askForRevocations(ledger, user, again)
            try await self.askForLife(ledger, again)
            try await self.askForHandOff(ledger, again)
            try await self.askForRotation(ledger)
        }
    }

    private static func useRevocation(_ ledger: any LedgerUnderTest, _ reservation: Reservation) async throws {
        let pending = LedgerFixture.reservation(of: LedgerFixture.user(), prepared: LedgerFixture.prepared(shard: 1))
        let intent = try #require(try await ledger.reserve(pending).receipt).serialNumber
        let issued = CertificateQuery(state: .issued, device: reservation.device)
        let current = try await ledger.certificates(issued).elements.map(\.serialNumber)
        let serials = current + [intent, LedgerFixture.serial()]
        _ = try await ledger.rehearse(LedgerFixture.order(serials))
        let single = try #require(try await ledger.enroll(LedgerFixture.reservation(of: LedgerFixture.user())))
        _ = try await ledger.revoke(LedgerFixture.order([single.serialNumber], .certificateHold))
        _ = try await ledger.revoke(LedgerFixture.order([single.serialNumber]))
        _ = try await ledger.blockKey(LedgerFixture.octets(32), act: LedgerFixture.act(.blockKey))
        let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 1)
        try await ledger.announce([shard])
        for _ in 0..<2 { try await ledger.makeCRL(of: shard, at: LedgerFixture.start) }
    }

    private static func askForRevocations(
        _ ledger: any LedgerUnderTest,
        _ user: DirectoryUser,
        _ reservation: Reservation
    ) async throws {
        let serial = reservation.prepared.draft.serialNumber
        for selection in [
            RevocationSelection.serialNumber(serial), .thumbprint([1]), .device(reservation.device), .user(user.id),
            .key(reservation.prepared.keyDigest), .issuer(LedgerFixture.issuer),
        ] { _ = try await ledger.revocable(selection, at: LedgerFixture.start, after: nil, limit: 1) }
        for serial in [serial, LedgerFixture.serial()] {
            _ = try await ledger.status(of: serial, issuedBy: LedgerFixture.issuer)
            _ = try await ledger.revocation(of: serial)
        }
        _ = try await ledger.changes(after: 0, limit: 1)
        _ = try await ledger.newestChange()
        _ = try await ledger.shards()
        let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 1)
        _ = try await ledger.crl(of: shard)
        _ = try await ledger.entries(of: shard, notEndedBefore: LedgerFixture.start, after: nil, limit: 1)
    }
}
