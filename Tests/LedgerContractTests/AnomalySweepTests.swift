internal import EnrollmentCore
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

/// Fails the n-th instruction or commit for n = 1, 2, 3… and looks after each at what must always hold.
@Suite("The SQLite ledger, broken at every point")
struct AnomalySweepTests {
    private let folder: TemporaryFolder
    private let faults = SQLiteFaultPlan()

    init() throws {
        self.folder = try TemporaryFolder()
    }

    /// Rows that contradict each other, counted by a connection of its own.
    private func contradictions() throws -> [String: Int64] {
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        let checks: [String: SQL] = [
            "a device without intent": """
            SELECT count(*) FROM device d WHERE NOT EXISTS (SELECT 1 FROM certificate c WHERE c.device = d.id)
            """,
            "an intent without attempt": """
            SELECT count(*) FROM certificate c
            WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.trace_id = c.trace_id)
            """,
            "an issued device without its certificate": """
            SELECT count(*) FROM device d WHERE d.state = 'issued' AND NOT EXISTS (
                SELECT 1 FROM certificate c
                WHERE c.serial = d.certificate_serial AND c.state = 'issued' AND c.der IS NOT NULL)
            """,
            "a certificate without event": """
            SELECT count(*) FROM certificate c WHERE c.state = 'issued'
                AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.serial = c.serial)
            """,
            "an event without certificate": """
            SELECT count(*) FROM outbox o WHERE NOT EXISTS (
                SELECT 1 FROM certificate c WHERE c.serial = o.serial AND c.state = 'issued')
            """,
            "a success without certificate": """
            SELECT count(*) FROM attempt a WHERE a.outcome = 'succeeded' AND NOT EXISTS (
                SELECT 1 FROM certificate c WHERE c.trace_id = a.trace_id AND c.state = 'issued')
            """,
            "a certificate without success": """
            SELECT count(*) FROM certificate c WHERE c.state = 'issued' AND NOT EXISTS (
                SELECT 1 FROM attempt a WHERE a.trace_id = c.trace_id AND a.outcome = 'succeeded')
            """,
        ]
        return try checks.mapValues { try connection.integer($0) ?? -1 }.filter { $0.value != 0 }
    }

    /// Repeats `work` with the n-th fault armed until one run goes through without meeting it.
    private func sweep(
        step: Int,
        arm: (Int) -> Void,
        work: () async throws -> Void,
        after: (_ n: Int, _ failed: Bool) async throws -> Void
    ) async throws -> Int {
        var failures = 0
        for n in stride(from: 1, through: 20_000, by: step) {
            arm(n)
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
            try await after(n, failed)
            guard fired else { return failures }
            failures += 1
        }
        Issue.record("the sweep never came to its end")
        return failures
    }

    @Test("leaves no half reservation whichever instruction is interrupted")
    func reserve() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let user = LedgerFixture.user()
        var reservation = LedgerFixture.reservation(of: user, limit: 1)
        let failures = try await self.sweep(
            step: 1,
            arm: { self.faults.interrupt(atInstruction: $0) },
            work: { () async throws -> Void in #expect(try await ledger.reserve(reservation).receipt != nil) },
            after: { (_, failed) async throws -> Void in
                guard failed else { return }
                #expect(try await ledger.device(reservation.device) == nil)
                #expect(try await ledger.certificate(reservation.prepared.draft.serialNumber) == nil)
                #expect(try await ledger.attempt(reservation.attempt.traceID) == nil)
                reservation = LedgerFixture.reservation(of: user, limit: 1)
            }
        )
        #expect(failures > 50)
        #expect(try self.contradictions() == [:])
        #expect(try await ledger.devices(DeviceQuery()).elements.count == 1)
        await ledger.close()
    }

    @Test("leaves an intent, never half a certificate, whichever instruction of confirming is interrupted")
    func confirm() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
        let receipt = try #require(try await ledger.reserve(reservation).receipt)
        let failures = try await self.sweep(
            step: 1,
            arm: { self.faults.interrupt(atInstruction: $0) },
            work: { try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt)) },
            after: { (_, failed) async throws -> Void in
                #expect(try await ledger.certificate(receipt.serialNumber)?.state == (failed ? .intent : .issued))
                #expect(try await ledger.eventIDs().count == (failed ? 0 : 1))
            }
        )
        #expect(failures > 50)
        #expect(try self.contradictions() == [:])
        await ledger.close()
    }

    @Test("loses all of a commit that is refused, or none")
    func commits() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let failures = try await self.sweep(
            step: 1,
            arm: { self.faults.refuse(commit: $0) },
            work: { try await ledger.enroll(LedgerFixture.reservation(of: LedgerFixture.user())) },
            after: { (_, _) async throws -> Void in #expect(try self.contradictions() == [:]) }
        )
        #expect(failures == 2)
        #expect(try await ledger.devices(DeviceQuery(state: .issued)).elements.count == 1)
        #expect(try await ledger.devices(DeviceQuery(state: .reserved)).elements.count == 1)
        await ledger.close()
    }

    @Test("places events and records what was delivered all or not at all, whichever instruction is interrupted")
    func handOff() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        var devices: [Enrolled] = []
        for _ in 0..<3 { devices.append(try await ledger.enrolled()) }
        let placing = try await self.sweep(
            step: 1,
            arm: { self.faults.interrupt(atInstruction: $0) },
            work: { () async throws -> Void in #expect(try await ledger.placeEvents(limit: 9) == 3) },
            after: { (_, failed) async throws -> Void in
                let feed = try await ledger.events(after: 0, kinds: [], limit: 9)
                #expect(feed.map(\.position) == (failed ? [] : [1, 2, 3]))
                #expect(try await ledger.newestIdentityChange().event == (failed ? 0 : 3))
            }
        )
        #expect(placing > 20)
        #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 600))
        let report = LedgerFixture.report(
            cursor: 3,
            open: [LedgerFixture.delivery(2, of: devices[1].device)],
            handedOff: [(devices[0].device, devices[0].serial)]
        )
        let recording = try await self.sweep(
            step: 1,
            arm: { self.faults.interrupt(atInstruction: $0) },
            work: { () async throws -> Void in #expect(try await ledger.record(report)) },
            after: { (_, failed) async throws -> Void in
                #expect(try await ledger.destinations().map(\.cursor) == (failed ? [] : [3]))
                #expect(try await ledger.deliveryCounts(to: "mdm").waiting == (failed ? 0 : 1))
                #expect(try await ledger.device(devices[0].device)?.state == (failed ? .issued : .handedOff))
            }
        )
        #expect(recording > 20)
        await ledger.close()
    }

    @Test("tells every caller of a shared commit the truth, wherever it breaks", arguments: [false, true])
    func shared(refusesCommits: Bool) async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        let user = LedgerFixture.user()
        var told = 0
        for n in 1...60 {
            if refusesCommits {
                self.faults.refuse(commit: n % 8 + 1)
            } else {
                self.faults.interrupt(atInstruction: n * 97)
            }
            told += try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            return try await ledger.enroll(LedgerFixture.reservation(of: user, limit: 40)) == nil
                                ? 0 : 1
                        } catch is EnrollmentError {
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            self.faults.disarm()
            #expect(try self.contradictions() == [:])
            let counted = try await ledger.counted(userID: user.id, staleBefore: LedgerFixture.start)
            #expect(counted.count <= 40)
            #expect(counted.count { $0.state == .issued } == told)
        }
        #expect(told > 0)
        await ledger.close()
    }
}
