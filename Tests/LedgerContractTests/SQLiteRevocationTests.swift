internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("The SQLite ledger, with more than one process or life")
struct SQLiteRevocationTests {
    private let folder: TemporaryFolder
    private let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 1)

    init() throws {
        self.folder = try TemporaryFolder()
    }

    private func revokeOne(in ledger: SQLiteLedger) async throws -> SerialNumber {
        let prepared = LedgerFixture.prepared(shard: 1)
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user(), prepared: prepared)
        let serial = try #require(try await ledger.enroll(reservation)).serialNumber
        _ = try await ledger.revoke(LedgerFixture.order([serial]))
        return serial
    }

    @Test("shows the service at once what a command has revoked beside it")
    func beside() async throws {
        let service = try await self.folder.openLedger()
        let command = try await self.folder.openLedger()
        var newest: Int64 = 0
        for _ in 0..<20 {
            let serial = try await self.revokeOne(in: command)
            let changes = try await service.changes(after: newest, limit: 10)
            #expect(changes.map(\.serialNumber) == [serial])
            newest = try await service.newestChange()
            #expect(changes.map(\.ordinal) == [newest])
            #expect(try await service.status(of: serial, issuedBy: LedgerFixture.issuer) != .good)
        }
        await command.close()
        await service.close()
    }

    @Test("keeps two processes from making the same shard's CRL at once")
    func twoHolders() async throws {
        let one = try await self.folder.openLedger()
        let two = try await self.folder.openLedger()
        try await one.announce([self.shard])
        let turn = try await one.turn(at: self.shard, holder: "one")
        let end = LedgerFixture.start.adding(seconds: 60)
        let other = try await two.takeTurn(at: self.shard, holder: "two", now: LedgerFixture.start, until: end)
        #expect(other == .leased(by: "one", until: end))
        try await one.record(turn, toBeSignedDigest: LedgerFixture.octets(32), at: LedgerFixture.start)
        let crl = LedgerFixture.crl(by: turn, at: LedgerFixture.start)
        try await one.publish(crl, by: turn, at: LedgerFixture.start)
        #expect(try await two.crl(of: self.shard) == crl)
        #expect(try await two.turn(at: self.shard, holder: "two").number == 2)
        await two.close()
        await one.close()
    }

    /// How far a CRL had come when the process ended.
    enum Progress: CaseIterable {
        case taken
        case recorded
        case published
    }

    @Test("gives no CRL number twice, wherever a process ends", arguments: Progress.allCases)
    func numbers(progress: Progress) async throws {
        var published: PublishedCRL?
        for life in 1...3 as ClosedRange<Int64> {
            let ledger = try await self.folder.openLedger()
            try await ledger.announce([self.shard])
            #expect(try await ledger.crl(of: self.shard) == published)
            let now = LedgerFixture.start.adding(seconds: 600 * life)
            let turn = try await ledger.turn(at: self.shard, holder: "life-\(life)", now: now)
            #expect(turn.number == life)
            if progress != .taken {
                try await ledger.record(turn, toBeSignedDigest: LedgerFixture.octets(32), at: now)
            }
            if progress == .published {
                let crl = LedgerFixture.crl(by: turn, at: now)
                try await ledger.publish(crl, by: turn, at: now)
                published = crl
            }
            await ledger.close()
        }
    }

    @Test("keeps the published CRL and the one before, and no older octets")
    func older() async throws {
        let ledger = try await self.folder.openLedger()
        try await ledger.announce([self.shard, CRLShard(issuerID: LedgerFixture.issuer, number: 2)])
        for number in 0..<6 { try await ledger.makeCRL(of: self.shard, at: LedgerFixture.start.adding(days: number)) }
        try await ledger.makeCRL(of: CRLShard(issuerID: LedgerFixture.issuer, number: 2), at: LedgerFixture.start)
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        #expect(try connection.integer("SELECT count(*) FROM crl WHERE shard = 1") == 2)
        #expect(try connection.integer("SELECT min(number) FROM crl WHERE shard = 1 AND der IS NOT NULL") == 5)
        #expect(try connection.integer("SELECT count(*) FROM crl WHERE shard = 2") == 1)
        await ledger.close()
    }

    @Test("counts changes on where the log's newest step was removed")
    func prunedLog() async throws {
        let ledger = try await self.folder.openLedger()
        for _ in 0..<3 { _ = try await self.revokeOne(in: ledger) }
        try await ledger.makeCRL(of: self.shard, at: LedgerFixture.start)
        let connection = try SQLiteConnection(path: self.folder.database, access: .readWrite)
        try connection.execute("DELETE FROM revocation_change")
        #expect(try await ledger.newestChange() == 3)
        _ = try await self.revokeOne(in: ledger)
        #expect(try await ledger.changes(after: 3, limit: 10).map(\.ordinal) == [4])
        await ledger.close()
    }

    @Test("tells the status of a certificate that retention removed from its proof")
    func proof() async throws {
        let ledger = try await self.folder.openLedger()
        let connection = try SQLiteConnection(path: self.folder.database, access: .readWrite)
        let revoked = LedgerFixture.serial()
        let good = LedgerFixture.serial()
        for (serial, reason) in [(revoked, 4 as Int64?), (good, nil)] {
            let statement = try connection.prepare(
                """
                INSERT INTO certificate_proof (serial, issuer_id, digest, not_after, reason, revoked, pruned)
                VALUES (?1, '2026-a', zeroblob(32), 1, ?2, iif(?2 IS NULL, NULL, 5000000), 9)
                """
            )
            try statement.bind(serial.octets, at: 1)
            try statement.bind(reason, at: 2)
            try statement.run()
        }
        let moment = Timestamp(seconds: 5)
        #expect(try await ledger.status(of: revoked, issuedBy: "2026-a") == .revoked(reason: .superseded, at: moment))
        #expect(try await ledger.status(of: good, issuedBy: "2026-a") == .good)
        #expect(try await ledger.status(of: revoked, issuedBy: "2027-a") == .unknown)
        let outcome = try await ledger.revoke(LedgerFixture.order([revoked, good]))
        #expect(outcome.already.map(\.reason) == [.superseded])
        #expect(outcome.unknown == [good])
        await ledger.close()
    }

    @Test(
        "finds damage in what keeps revocations and CRLs when a large database is read through",
        arguments: ["revocation", "revocation_change", "crl", "act"]
    )
    func damage(table: String) async throws {
        let ledger = try await self.folder.openLedger()
        _ = try await self.revokeOne(in: ledger)
        try await ledger.makeCRL(of: self.shard, at: LedgerFixture.start)
        await ledger.close()
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        let row = try connection.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?1")
        try row.bind(table, at: 1)
        try #require(try row.step())
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: self.folder.database))
        try file.seek(toOffset: UInt64(row.integer(0) - 1) * 4_096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 4_096))
        try file.close()
        let damaged = try await self.folder.openLedger { $0.pagesCheckedAtOpening = 1 }
        #expect(await rule { try await damaged.checkStructure() } == "ledger.damaged")
        await damaged.close()
    }
}
