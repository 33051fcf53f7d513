internal import EnrollmentCore
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

/// As ``AnomalySweepTests``, for what revokes and what publishes.
@Suite("The SQLite ledger's revocations, broken at every point")
struct RevocationAnomalyTests {
    private let folder: TemporaryFolder
    private let faults = SQLiteFaultPlan()

    init() throws {
        self.folder = try TemporaryFolder()
    }

    /// Rows that contradict each other, counted by a connection of its own.
    private func contradictions() throws -> [String: Int64] {
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        let checks: [String: SQL] = [
            "a revoked certificate without revocation": """
            SELECT count(*) FROM certificate c WHERE c.state IN ('revoked', 'superseded')
                AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial)
            """,
            "a revocation of a valid certificate": """
            SELECT count(*) FROM revocation r WHERE EXISTS (
                SELECT 1 FROM certificate c WHERE c.serial = r.serial AND c.state IN ('issued', 'closed'))
            """,
            "a revocation that nobody was told of": """
            SELECT count(*) FROM revocation r
            WHERE NOT EXISTS (SELECT 1 FROM revocation_change h WHERE h.serial = r.serial)
            """,
            "a revocation in an unknown shard": """
            SELECT count(*) FROM revocation r WHERE NOT EXISTS (
                SELECT 1 FROM crl_shard s WHERE s.issuer_id = r.issuer_id AND s.shard = r.shard)
            """,
            "a live device with a revoked certificate": """
            SELECT count(*) FROM device d WHERE d.is_live = 1 AND EXISTS (
                SELECT 1 FROM revocation r WHERE r.serial = d.certificate_serial)
            """,
            "an ended device without event": """
            SELECT count(*) FROM device d WHERE d.state = 'revoked' AND NOT EXISTS (
                SELECT 1 FROM outbox o
                WHERE o.device = d.id AND o.kind = 'revoked' AND o.generation = d.generation)
            """,
            "an ended device with something under way": """
            SELECT count(*) FROM certificate c CROSS JOIN device d ON d.id = c.device
            WHERE d.state = 'revoked' AND (d.pending_serial IS NOT NULL OR c.state = 'intent' AND c.reason IS NULL)
            """,
            "revocations without act, or an act without": """
            SELECT (SELECT count(*) FROM revocation) > 0 <> ((SELECT count(*) FROM act) > 0)
            """,
            "a pointer to no CRL": """
            SELECT count(*) FROM crl_shard s WHERE s.published IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM crl c WHERE c.issuer_id = s.issuer_id AND c.shard = s.shard
                    AND c.number = s.published AND c.der IS NOT NULL AND c.through = s.through)
            """,
            "a CRL of a number not given": """
            SELECT count(*) FROM crl c WHERE NOT EXISTS (
                SELECT 1 FROM crl_shard s
                WHERE s.issuer_id = c.issuer_id AND s.shard = c.shard AND s.last_number >= c.number)
            """,
            "a CRL above the pointer": """
            SELECT count(*) FROM crl c CROSS JOIN crl_shard s ON s.issuer_id = c.issuer_id AND s.shard = c.shard
            WHERE c.der IS NOT NULL AND c.number > coalesce(s.published, 0)
            """,
            "a lease that outlived its CRL": """
            SELECT count(*) FROM lease WHERE EXISTS (SELECT 1 FROM crl_shard s WHERE s.published = s.last_number)
            """,
        ]
        return try checks.mapValues { try connection.integer($0) ?? -1 }.filter { $0.value != 0 }
    }

    /// Repeats `work` with the n-th instruction interrupted until one run goes through.
    private func sweep(
        _ work: () async throws -> Void,
        after: (_ failed: Bool) async throws -> Void
    ) async throws -> Int {
        for n in 1...20_000 {
            self.faults.interrupt(atInstruction: n)
            var failed = false
            do {
                try await work()
            } catch {
                failed = true
                let code = try #require(error as? EnrollmentError).code
                #expect(code == .enrollmentServer || code == .inMaintenance)
            }
            let fired = self.faults.disarm()
            #expect(failed == fired)
            try await after(failed)
            #expect(try self.contradictions() == [:])
            guard fired else { return n - 1 }
        }
        Issue.record("the sweep never came to its end")
        return 0
    }

    @Test("leave all of an order or nothing whichever instruction is interrupted", arguments: [false, true])
    func order(isRehearsal: Bool) async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let first = LedgerFixture.reservation(of: LedgerFixture.user())
        let certificate = try #require(try await ledger.enroll(first))
        let pending = LedgerFixture.reservation(of: first.user, claims: first.claims, device: first.device)
        _ = try await ledger.reserve(pending)
        let order = LedgerFixture.order([certificate.serialNumber, LedgerFixture.serial()])
        let failures = try await self.sweep(
            {
                let outcome = isRehearsal ? try await ledger.rehearse(order) : try await ledger.revoke(order)
                #expect(outcome.revoked.count == 2)
            },
            after: { (failed) async throws -> Void in
                let isKept = failed || isRehearsal
                #expect(try await ledger.device(first.device)?.state == (isKept ? .issued : .revoked))
                #expect(try await ledger.newestChange() == (isKept ? 0 : 2))
            }
        )
        #expect(failures > 100)
        await ledger.close()
    }

    @Test("leave the former CRL or the next, never a part of one")
    func publish() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 0)
        try await ledger.announce([shard])
        var former: PublishedCRL?
        for _ in 0..<3 { former = try await ledger.makeCRL(of: shard, at: LedgerFixture.start) }
        var next: PublishedCRL?
        var numbers: [Int64] = []
        let failures = try await self.sweep(
            {
                let turn = try await ledger.takeTurn(
                    at: shard,
                    holder: "one",
                    now: LedgerFixture.start,
                    until: LedgerFixture.start.adding(seconds: 60)
                ).turn
                guard let turn else { return }
                numbers.append(turn.number)
                try await ledger.record(turn, toBeSignedDigest: LedgerFixture.octets(32), at: LedgerFixture.start)
                let crl = LedgerFixture.crl(by: turn, at: LedgerFixture.start)
                next = crl
                try await ledger.publish(crl, by: turn, at: LedgerFixture.start)
            },
            after: { (failed) async throws -> Void in
                #expect(try await ledger.crl(of: shard) == (failed ? former : next))
            }
        )
        #expect(failures > 50)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        await ledger.close()
    }
}
