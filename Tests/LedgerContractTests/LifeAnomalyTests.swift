internal import EnrollmentCore
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

/// As ``AnomalySweepTests``, for what happens to devices after they enrolled.
@Suite("The SQLite ledger's renewals and orders, broken at every point")
struct LifeAnomalyTests {
    private static let now = LedgerFixture.start.adding(days: 306)

    private let folder: TemporaryFolder
    private let faults = SQLiteFaultPlan()

    init() throws {
        self.folder = try TemporaryFolder()
    }

    /// Rows that contradict each other, counted by a connection of its own.
    private func contradictions() throws -> [String: Int64] {
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        let checks: [String: SQL] = [
            "a live device without its certificate": """
            SELECT count(*) FROM device d WHERE d.is_live = 1 AND d.state <> 'reserved' AND NOT EXISTS (
                SELECT 1 FROM certificate c WHERE c.serial = d.certificate_serial AND c.state = 'issued')
            """,
            "an event missing or twice": """
            SELECT count(*) FROM device d WHERE d.generation <> (SELECT count(*) FROM outbox o WHERE o.device = d.id)
                OR d.generation <> coalesce((SELECT max(generation) FROM outbox o WHERE o.device = d.id), 0)
            """,
            "an ended certificate without revocation": """
            SELECT count(*) FROM certificate c WHERE c.state IN ('superseded', 'revoked')
                AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial)
            """,
            "an ended certificate without event": """
            SELECT count(*) FROM certificate c WHERE c.state = 'superseded'
                AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.serial = c.serial AND o.kind = 'superseded')
            """,
            "a revocation of a live device's valid certificate": """
            SELECT count(*) FROM revocation r
                CROSS JOIN certificate c ON c.serial = r.serial CROSS JOIN device d ON d.id = c.device
            WHERE c.state = 'issued' AND (d.state <> 'held' OR r.reason <> 6)
            """,
            "a held device with a valid certificate": """
            SELECT count(*) FROM certificate c CROSS JOIN device d ON d.id = c.device
            WHERE d.state = 'held' AND c.state = 'issued'
                AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial)
            """,
            "an ended device with a valid certificate": """
            SELECT count(*) FROM certificate c CROSS JOIN device d ON d.id = c.device
            WHERE d.state IN ('reset', 'revoked') AND c.state IN ('issued', 'intent')
                AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial)
            """,
            "an order without act": """
            SELECT count(*) FROM outbox o WHERE o.kind IN ('held', 'resumed', 'reset')
                AND NOT EXISTS (SELECT 1 FROM act a WHERE a.trace_id = o.trace_id)
            """,
            "a permit used for nothing": """
            SELECT count(*) FROM permit p WHERE p.used_serial IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.serial = p.used_serial)
            """,
            "a certificate seen without its trust": """
            SELECT count(*) FROM certificate c WHERE c.seen IS NOT NULL AND c.delivered IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = c.device AND d.trusted <> '')
            """,
            "a certificate both there and proven gone": """
            SELECT count(*) FROM certificate_proof p
            WHERE EXISTS (SELECT 1 FROM certificate c WHERE c.serial = p.serial)
            """,
        ]
        return try checks.mapValues { try connection.integer($0) ?? -1 }.filter { $0.value != 0 }
    }

    /// Repeats `work` with the n-th instruction interrupted until one run goes through; nothing may have changed after
    /// any of the others.
    private func sweep(
        _ device: DeviceID,
        in ledger: SQLiteLedger,
        _ work: () async throws -> Void
    ) async throws {
        let before = try await ledger.device(device)
        let events = try await ledger.pendingEvents(limit: 1_000)
        let certificates = try await ledger.certificates(CertificateQuery(device: device))
        let permits = try await ledger.permits(of: device, at: Self.now)
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
            guard failed else {
                #expect(n > 50)
                #expect(try self.contradictions() == [:])
                return
            }
            #expect(try await ledger.device(device) == before)
            #expect(try await ledger.pendingEvents(limit: 1_000) == events)
            #expect(try await ledger.certificates(CertificateQuery(device: device)) == certificates)
            #expect(try await ledger.permits(of: device, at: Self.now) == permits)
        }
        Issue.record("the sweep never came to its end")
    }

    @Test("leave all of a renewal or nothing, step by step")
    func renewal() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let first = try await ledger.enrolled()
        let second = try await ledger.enrolled(
            first.user,
            claims: first.reservation.claims,
            as: first.device,
            at: LedgerFixture.later(1)
        )
        let permit = LedgerFixture.order(.permit, first.device, at: Self.now)
        _ = try await ledger.permit(.renewal, until: Self.now.adding(days: 9), permit)
        var renewals: [(RenewalReservation, IntentReceipt)] = []
        for _ in 0..<2 {
            // The first one supersedes what came before; each leaves an answer lost.
            let candidate = try await ledger.candidate(of: second.certificate)
            let usesPermit = candidate.permit != nil
            let renewal = LedgerFixture.renewal(of: candidate, by: first.user, usesPermit: usesPermit, at: Self.now)
            var receipt: IntentReceipt?
            try await self.sweep(first.device, in: ledger) { () async throws -> Void in
                receipt = try await ledger.reserve(renewal).receipt
            }
            renewals.append((renewal, try #require(receipt)))
            let confirmation = LedgerFixture.confirmation(of: renewal, try #require(receipt))
            try await self.sweep(first.device, in: ledger) { try await ledger.confirm(confirmation) }
        }
        #expect(try await ledger.certificate(renewals[0].1.serialNumber)?.state == .superseded)
        let last = try #require(try await ledger.certificate(renewals[1].1.serialNumber)?.thumbprint)
        try await self.sweep(first.device, in: ledger) { () async throws -> Void in
            _ = try await ledger.note(Contact(thumbprint: last, witness: .mutualTLS, time: Self.now.adding(days: 1)))
        }
        #expect(try await ledger.certificate(second.serial)?.state == .superseded)
        await ledger.close()
    }

    @Test("leave all of a failed renewal's end or nothing")
    func release() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let enrolled = try await ledger.enrolled(days: 100)
        _ = try await ledger.expire(endedBefore: Self.now, at: Self.now, limit: 9)
        let permit = LedgerFixture.order(.permit, enrolled.device, at: Self.now)
        _ = try await ledger.permit(.renewal, until: Self.now.adding(days: 9), permit)
        let candidate = try await ledger.candidate(of: enrolled.certificate)
        for isForgotten in [false, true] {
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, usesPermit: true, at: Self.now)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            try await self.sweep(enrolled.device, in: ledger) { () async throws -> Void in
                if isForgotten {
                    let late = Self.now.adding(days: 1)
                    #expect(try await ledger.releaseReservations(madeBefore: late, at: late, limit: 9) == 1)
                } else {
                    try await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: renewal))
                }
            }
            #expect(try await ledger.device(enrolled.device)?.state == .expired)
            #expect(try await ledger.permits(of: enrolled.device, at: Self.now).count == 1)
        }
        await ledger.close()
    }

    @Test("leave all of an order or nothing")
    func orders() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let enrolled = try await ledger.enrolled()
        _ = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.now)
        let device = enrolled.device
        let until = Self.now.adding(days: 7)
        func sweep(_ work: (DeviceOrder) async throws -> DeviceOrderOutcome, _ verb: AdministrativeAct.Verb)
            async throws
        {
            let order = LedgerFixture.order(verb, device, at: Self.now, permitUntil: until)
            try await self.sweep(device, in: ledger) { () async throws -> Void in
                #expect(try await work(order).report != nil)
            }
        }
        try await sweep({ try await ledger.hold($0) }, .hold)
        try await sweep({ try await ledger.resume($0) }, .resume)
        try await sweep({ try await ledger.reset($0) }, .reset)
        try await sweep({ try await ledger.retire($0) }, .retire)
        try await sweep({ try await ledger.permit(.enrollment, until: until, $0) }, .permit)
        #expect(try await ledger.acts(of: device, limit: 9).count == 5)

        let back = LedgerFixture.reservation(of: enrolled.user, claims: enrolled.reservation.claims, now: Self.now)
        try await self.sweep(device, in: ledger) { () async throws -> Void in
            #expect(try await ledger.reserve(back).receipt != nil)
        }
        #expect(try await ledger.permits(of: device, at: Self.now) == [])
        await ledger.close()
    }

    @Test("leave all of what time does or nothing")
    func housekeeping() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let enrolled = try await ledger.enrolled(days: 50)
        let late = Self.now.adding(days: 100)
        _ = try await ledger.renew(enrolled.certificate, by: enrolled.user, days: 9, at: LedgerFixture.later(60))
        try await self.sweep(enrolled.device, in: ledger) { () async throws -> Void in
            #expect(try await ledger.supersede(dueBy: Self.now, limit: 9) == 1)
        }
        try await self.sweep(enrolled.device, in: ledger) { () async throws -> Void in
            #expect(try await ledger.expire(endedBefore: Self.now, at: Self.now, limit: 9) == 1)
        }
        let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 3)
        for days in 0..<2 { try await ledger.makeCRL(of: shard, at: Self.now.adding(days: days)) }
        try await self.sweep(enrolled.device, in: ledger) { () async throws -> Void in
            #expect(try await ledger.pruneCertificates(endedBefore: late, at: late, limit: 9) == 2)
        }
        #expect(try await ledger.proof(of: enrolled.serial)?.revocation?.reason == .superseded)
        try await self.sweep(enrolled.device, in: ledger) { () async throws -> Void in
            #expect(try await ledger.pruneChanges(recordedBefore: late, limit: 9) == 1)
        }
        try await self.sweep(enrolled.device, in: ledger) { () async throws -> Void in
            #expect(try await ledger.pruneAttempts(startedBefore: late, limit: 9) == 2)
        }
        await ledger.close()
    }
}
