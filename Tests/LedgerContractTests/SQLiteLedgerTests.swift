internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("The SQLite ledger")
struct SQLiteLedgerTests {
    private let folder: TemporaryFolder

    init() throws {
        self.folder = try TemporaryFolder()
    }

    private func connect() throws -> SQLiteConnection {
        try SQLiteConnection(path: self.folder.database, access: .readWrite, busyTimeout: 0)
    }

    private func rule(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? EnrollmentError)?.rule
        }
    }

    @Test("keeps everything when it is closed and opened again")
    func reopen() async throws {
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
        let ledger = try await self.folder.openLedger()
        try await ledger.enroll(reservation)
        let device = try await ledger.device(reservation.device)
        await ledger.close()
        let again = try await self.folder.openLedger()
        #expect(try await again.device(reservation.device) == device)
        #expect(try await again.eventIDs().count == 1)
        await again.close()
    }

    @Test("makes a file that only its owner can open, and marks it as Gatehouse's")
    func file() async throws {
        try await self.folder.openLedger().close()
        let attributes = try FileManager.default.attributesOfItem(atPath: self.folder.database)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try self.connect().integer("PRAGMA application_id") == 0x4741_5445)
    }

    @Test("refuses a file that everybody can open")
    func openMode() async throws {
        try await self.folder.openLedger().close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: self.folder.database)
        #expect(await self.rule { _ = try await self.folder.openLedger() } == "ledger.mode")
    }

    @Test("refuses a database that a newer version wrote, and leaves it alone")
    func newerSchema() async throws {
        try await self.folder.openLedger().close()
        try self.connect().execute("INSERT INTO schema_version VALUES (99, 0)")
        #expect(await self.rule { _ = try await self.folder.openLedger() } == "ledger.schemaNewer")
        #expect(try self.connect().integer("SELECT max(version) FROM schema_version") == 99)
    }

    @Test("refuses another program's database, and leaves it alone")
    func foreign() async throws {
        let other = try SQLiteConnection(path: self.folder.database, access: .create)
        try other.execute("CREATE TABLE theirs (a)")
        #expect(await self.rule { _ = try await self.folder.openLedger() } == "ledger.foreign")
        #expect(try other.integer("SELECT count(*) FROM sqlite_schema") == 1)
    }

    @Test("refuses a file that is no database, and a damaged one")
    func damaged() async throws {
        try Data(repeating: 0x41, count: 20_000).write(to: URL(fileURLWithPath: self.folder.database))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: self.folder.database)
        #expect(await self.rule { _ = try await self.folder.openLedger() } == "ledger.damaged")

        try FileManager.default.removeItem(atPath: self.folder.database)
        try await self.folder.openLedger().close()
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: self.folder.database))
        try file.seek(toOffset: 3 * 4_096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 4_096))
        try file.close()
        #expect(await self.rule { _ = try await self.folder.openLedger() } == "ledger.damaged")
    }

    @Test("opens a large database before reading all of it, and finds the damage afterwards")
    func damagedAndLarge() async throws {
        let ledger = try await self.folder.openLedger()
        for number in 0..<40 {
            _ = try await ledger.reserve(LedgerFixture.reservation(of: LedgerFixture.user("user-\(number)")))
        }
        await ledger.close()
        let sound = try await self.folder.openLedger { $0.pagesCheckedAtOpening = 1 }
        try await sound.checkStructure()
        await sound.close()

        let root = try self.connect().integer("SELECT rootpage FROM sqlite_schema WHERE name = 'device_name'") ?? 0
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: self.folder.database))
        try file.seek(toOffset: UInt64(root - 1) * 4_096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 4_096))
        try file.close()
        let damaged = try await self.folder.openLedger { $0.pagesCheckedAtOpening = 1 }
        #expect(await self.rule { try await damaged.checkStructure() } == "ledger.damaged")
        await damaged.close()
    }

    @Test("says which folder is missing by refusing to open")
    func missingFolder() async throws {
        let rule = await self.rule { _ = try await self.folder.openLedger { $0.path += "/missing/ledger.sqlite" } }
        #expect(rule == "ledger.cannotOpen")
    }

    @Test("refuses work while another process holds the lock, and works again afterwards")
    func locked() async throws {
        let ledger = try await self.folder.openLedger { $0.busyTimeout = 0 }
        let other = try self.connect()
        try other.begin()
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
        await expectCode(.inMaintenance) { _ = try await ledger.reserve(reservation) }
        #expect(try await ledger.device(reservation.device) == nil)
        try other.rollBack()
        #expect(try await ledger.reserve(reservation).receipt != nil)
        await ledger.close()
    }

    @Test("refuses work on a full disk, keeps what was there, and works again when there is room")
    func full() async throws {
        var enrolled: [Reservation] = []
        let small = try await self.folder.openLedger { $0.largestSize = 80 }
        var refused: EnrollmentError?
        while refused == nil, enrolled.count < 1_000 {
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            do {
                try await small.enroll(reservation)
                enrolled.append(reservation)
            } catch {
                refused = error as? EnrollmentError
                #expect(try await small.attempt(reservation.attempt.traceID)?.outcome != .succeeded)
            }
        }
        #expect(refused?.code == .inMaintenance)
        #expect(refused?.rule == "ledger.full")
        #expect(try await small.devices(DeviceQuery(state: .issued, limit: 1_000)).elements.count == enrolled.count)
        await small.close()

        let roomy = try await self.folder.openLedger()
        #expect(try await roomy.enroll(LedgerFixture.reservation(of: LedgerFixture.user())) != nil)
        await roomy.close()
    }

    @Test("writes what nobody waits for within the delay, and what is left at closing")
    func eventually() async throws {
        let first = LedgerFixture.attempt(.discovery)
        let ledger = try await self.folder.openLedger { $0.flushDelay = 1 }
        ledger.recordEventually(first)
        while try await ledger.attempt(first.traceID) == nil { await Task.yield() }
        await ledger.close()

        let last = LedgerFixture.attempt(.discovery)
        let slow = try await self.folder.openLedger { $0.flushDelay = 3_600_000 }
        slow.recordEventually(last)
        await slow.close()
        let reader = try await self.folder.openLedger()
        #expect(try await reader.attempt(last.traceID) != nil)
        await reader.close()
    }

    @Test("writes what nobody waits for once the lock of another process is gone")
    func eventuallyAfterLock() async throws {
        let ledger = try await self.folder.openLedger {
            $0.busyTimeout = 0
            $0.flushDelay = 1
        }
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
        let receipt = try #require(try await ledger.reserve(reservation).receipt)
        let other = try self.connect()
        try other.begin()
        // A reservation that could not be concluded, and a refusal that could not be recorded.
        await expectCode(.inMaintenance) {
            try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
        }
        let unconfirmed = LedgerFixture.refusal(of: reservation)
        ledger.recordEventually(unconfirmed)
        let refused = LedgerFixture.attempt()
        ledger.recordEventually(refused)
        await expectCode(.inMaintenance) { _ = try await ledger.record(LedgerFixture.attempt()) }
        #expect(try await ledger.attempt(refused.traceID) == nil)
        #expect(try await ledger.attempt(unconfirmed.traceID)?.outcome == .open)

        try other.rollBack()
        while try await ledger.attempt(refused.traceID) == nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await ledger.attempt(refused.traceID) == refused)
        #expect(try await ledger.attempt(unconfirmed.traceID) == unconfirmed)
        #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
        #expect(try await ledger.certificate(receipt.serialNumber)?.reason == nil)
        await ledger.close()
    }

    @Test("writes what nobody waits for once there is room again, all of it")
    func eventuallyAfterFull() async throws {
        let ledger = try await self.folder.openLedger {
            $0.flushDelay = 1
            $0.largestSize = 200
        }
        var isFull = false
        for _ in 0..<1_000 where !isFull {
            do {
                try await ledger.enroll(LedgerFixture.reservation(of: LedgerFixture.user()))
            } catch {
                isFull = (error as? EnrollmentError)?.rule == "ledger.full"
            }
        }
        try #require(isFull)
        // More than the free rest of the last pages takes.
        // Refused, unlike what is cleaned away below: some may find room before the store is quite full.
        let refused = (0..<300).map { _ in
            var attempt = LedgerFixture.attempt()
            attempt.refuse(EnrollmentError(.authentication, "Not now.", rule: "test.refused"), at: attempt.started)
            return attempt
        }
        for attempt in refused { ledger.recordEventually(attempt) }
        await expectCode(.inMaintenance) {
            for _ in 0..<1_000 { _ = try await ledger.record(LedgerFixture.attempt()) }
        }
        for _ in 0..<6_000 where !ledger.isPostponing { try await Task.sleep(for: .milliseconds(10)) }
        #expect(ledger.isPostponing)
        let cleaner = try SQLiteConnection(path: self.folder.database, access: .readWrite)
        try cleaner.execute(
            "DELETE FROM outbox; DELETE FROM certificate; DELETE FROM attempt WHERE outcome <> 'refused'"
        )
        for attempt in refused {
            for _ in 0..<6_000 where try await ledger.attempt(attempt.traceID) == nil {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await ledger.attempt(attempt.traceID) == attempt)
        }
        for _ in 0..<6_000 where ledger.isPostponing { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!ledger.isPostponing)
        await ledger.close()
    }

    @Test("takes along what nobody waits for with the next commit")
    func companion() async throws {
        let ledger = try await self.folder.openLedger { $0.flushDelay = 3_600_000 }
        let quiet = LedgerFixture.attempt(.discovery)
        ledger.recordEventually(quiet)
        #expect(try await ledger.attempt(quiet.traceID) == nil)
        #expect(try await ledger.record(LedgerFixture.attempt()))
        #expect(try await ledger.attempt(quiet.traceID) == quiet)
        await ledger.close()
    }

    @Test("drops what nobody waits for above its bound, and nothing else")
    func backlog() async throws {
        let ledger = try await self.folder.openLedger {
            $0.flushDelay = 3_600_000
            $0.longestBacklog = 3
        }
        for _ in 0..<10 { ledger.recordEventually(LedgerFixture.attempt(.discovery)) }
        #expect(try await ledger.record(LedgerFixture.attempt()))
        #expect(try await ledger.attempts(AttemptQuery()).elements.count == 4)
        await ledger.close()
    }

    @Test("refuses changes after it was closed")
    func closed() async throws {
        let ledger = try await self.folder.openLedger()
        await ledger.close()
        await ledger.close()
        let attempt = LedgerFixture.attempt()
        await expectCode(.inMaintenance) { _ = try await ledger.record(attempt) }
    }

    @Test("gives each of many operations that share a commit its own outcome")
    func ownOutcomes() async throws {
        let ledger = try await self.folder.openLedger()
        let taken = LedgerFixture.attempt()
        #expect(try await ledger.record(taken))
        let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                group.addTask {
                    let isBad = index % 3 == 0
                    let receipt = IntentReceipt(
                        serialNumber: SerialNumber(node: 1, random: LedgerFixture.octets(16)),
                        toBeSignedDigest: LedgerFixture.octets(32)
                    )
                    guard isBad else { return try await ledger.record(LedgerFixture.attempt()) }
                    do {
                        try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.attempt())
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 } == 66)
        #expect(try await ledger.attempts(AttemptQuery(limit: 1_000)).elements.count == 67)
        await ledger.close()
    }
}
