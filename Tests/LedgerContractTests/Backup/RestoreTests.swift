internal import EnrollmentCore
internal import Foundation
internal import Logging
internal import SQLText
internal import Testing

@testable internal import Ledger

@Suite("Restoring an image of a store")
struct RestoreTests {
    /// Each kind into each kind.
    private static let pairs = BackedUpKind.allCases.flatMap { from in BackedUpKind.allCases.map { (from, $0) } }
    private static let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 3)

    @Test(
        "makes a sound store of either kind that works, and gives nothing twice that others may have seen",
        arguments: pairs
    )
    func restores(from: BackedUpKind, to: BackedUpKind) async throws {
        try await from.withStore { source in
            let (image, facts) = try await source.image()
            try await to.withPlace { target in
                #expect(try await image.obstacles(at: target.place, replacing: false) == [])
                let outcome = try await image.restore(to: target.place, replacing: false, by: .now())
                #expect(outcome.former == nil)
                #expect(try await target.findings() == [])
                let (restored, after) = try await target.image()
                let changed: Set = ["device", "crl", "crl_shard", "feed", "lease", "act"]
                for (before, now) in zip(facts.tables, after.tables) where !changed.contains(before.name) {
                    #expect(before == now)
                }
                #expect(after.rows(of: "device") == facts.rows(of: "device"))
                #expect(after.rows(of: "lease") == 0)
                #expect(after.rows(of: "crl") == 0)
                #expect(after.rows(of: "act") == facts.rows(of: "act") + 1)
                // An hour has passed: a number for each second of it, and a thousand.
                let next: Int64 = 4 + 3_600 + 1_000
                #expect(outcome.numbers[Self.shard] == next)
                #expect(after.shards.first { $0.shard == Self.shard }?.lastNumber == outcome.numbers[Self.shard])
                #expect(after.shards.allSatisfy { $0.published == nil })
                #expect(try await restored.number("SELECT min(generation) FROM device") ?? 0 >= 1_000)
                try await target.withLedger { ledger in
                    let extent = try await ledger.feedExtent()
                    #expect(extent.last == outcome.feedPosition)
                    #expect(extent.last > 8 + 3_600 * 1_000)
                    // Every cursor of before is gone; the end is where readers go on.
                    for cursor in [0, 5, 8, 9, extent.last - 1] { #expect(!extent.holds(cursor)) }
                    #expect(extent.holds(extent.last))
                    #expect(try await ledger.lastAct(.restore)?.facts.first == Fact("file", "x.ghbackup"))
                    let turn = try await ledger.turn(at: Self.shard, now: LedgerFixture.start.adding(days: 401))
                    #expect(turn.number == 4 + 3_600 + 1_001)
                    _ = try await SoundStore(ledger: ledger).enroll(LedgerFixture.user("new"))
                    #expect(try await ledger.placeEvents(limit: 100) > 0)
                    #expect(try await ledger.events(after: extent.last, kinds: [], limit: 100).isEmpty == false)
                }
                #expect(try await target.findings() == [])
            }
        }
    }

    @Test(
        "does not touch a store that is there, unless it may; then it knows what that store knew",
        arguments: BackedUpKind.allCases
    )
    func replaces(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            var revoked: SerialNumber?
            try await store.withLedger { ledger in
                revoked = try await SoundStore(ledger: ledger).enroll(LedgerFixture.user("sam")).serial
            }
            let (image, facts) = try await store.image()
            var lost: SerialNumber?
            let key = LedgerFixture.octets(32)
            try await store.withLedger { ledger in
                lost = try await SoundStore(ledger: ledger).enroll(LedgerFixture.user("lee")).serial
                _ = try await ledger.revoke(LedgerFixture.order([try #require(revoked), try #require(lost)]))
                _ = try await ledger.blockKey(key, act: LedgerFixture.act(.blockKey))
                try await ledger.makeCRL(of: Self.shard, at: LedgerFixture.start.adding(days: 402))
                #expect(try await ledger.placeEvents(limit: 100) > 0)
            }
            let refusal = try await image.obstacles(at: store.place, replacing: false)
            #expect(refusal.count == 1)
            #expect(refusal.first?.contains("--replace") == true)
            await #expect(throws: EnrollmentError.self) {
                try await image.restore(to: store.place, replacing: false, by: .now())
            }

            let loss = try await image.loss(by: store.place)
            #expect(loss.certificates == [try #require(lost)])
            #expect(loss.strangers == [try #require(lost)])
            #expect(loss.revocations == [try #require(revoked): .keyCompromise])
            #expect(loss.blockedKeys[key] != nil)
            #expect(loss.numberings.map(\.shard) == [Self.shard])
            #expect(loss.numberings.first?.backup == 4)
            #expect(loss.numberings.first?.known == 5)
            #expect(loss.issuers == [])
            #expect(loss.feedPosition > facts.feedPosition)
            #expect(!loss.isNone)

            let outcome = try await image.restore(to: store.place, replacing: true, by: .now(loss))
            let next: Int64 = 5 + 3_600 + 1_000
            #expect(outcome.numbers[Self.shard] == next)
            #expect(outcome.feedPosition > loss.feedPosition)
            #expect(outcome.revoked == 1)
            #expect(outcome.blockedKeys == 1)
            #expect(try await store.findings() == [])
            try await store.withLedger { ledger in
                let status = try await ledger.status(of: try #require(revoked), issuedBy: LedgerFixture.issuer)
                guard case .revoked(.keyCompromise, _) = status else {
                    Issue.record("\(status)")
                    return
                }
                #expect(try await ledger.isBlocked(key))
            }
            if let folder = store.folder {
                let former = try #require(outcome.former)
                #expect(former.hasPrefix(folder.database + ".replaced-"))
                let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
                #expect(!left.contains { $0.contains("restoring") }, "\(left)")
                // What was there is whole.
                let aside = try await SQLiteLedger.open(
                    LedgerSettings(path: former),
                    access: .readOnly,
                    logger: Logger(label: "test")
                )
                let found = try await aside.certificate(try #require(lost))
                #expect(found != nil)
                await aside.close()
            }
        }
    }

    @Test("that fails leaves what was there, and nothing of itself", arguments: BackedUpKind.allCases)
    func fails(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            let (image, _) = try await store.image()
            var before: StoreImageFacts?
            let act = LedgerFixture.act(.backUp)
            try await store.withLedger { try await $0.recordBackup(act, facts: []) }
            let (taken, facts) = try await store.image()
            before = facts
            // The trace id is another act's: refused in the middle of it.
            let other = AdministrativeAct(
                traceID: act.traceID,
                verb: .restore,
                actor: "somebody else",
                reason: act.reason,
                ticket: nil,
                time: LedgerFixture.start.adding(days: 500)
            )
            await #expect(throws: EnrollmentError.self) {
                try await taken.restore(to: store.place, replacing: true, by: .now(act: other))
            }
            #expect(try await store.image().facts == before)
            if let folder = store.folder {
                let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
                #expect(!left.contains { $0.contains("restoring") || $0.contains("replaced") }, "\(left)")
            }
            _ = try await image.restore(to: store.place, replacing: true, by: .now())
            #expect(try await store.findings() == [])
        }
    }

    @Test("goes over what a restore has left that was killed, and refuses beside one that is at work")
    func leftovers() async throws {
        try await BackedUpKind.sqlite.withStore { source in
            let (image, _) = try await source.image()
            let folder = try TemporaryFolder()
            for ending in ["", "-wal", "-shm"] {
                try Data(LedgerFixture.octets(5_000))
                    .write(to: URL(filePath: folder.database + ".restoring" + ending))
            }
            let descriptor = open(folder.database + ".restoring", O_RDONLY | O_CLOEXEC)
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            let busy = await #expect(throws: EnrollmentError.self) {
                try await image.restore(to: .sqlite(path: folder.database), replacing: false, by: .now())
            }
            #expect(busy?.rule == "restore.refused")
            close(descriptor)
            _ = try await image.restore(to: .sqlite(path: folder.database), replacing: false, by: .now())
            let store = BackedUpStore(place: .sqlite(path: folder.database), folder: folder, database: nil)
            #expect(try await store.findings() == [])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted().first == "ledger.sqlite"
            )
        }
    }

    @Test("refuses a store that is in use, and one of another authority", arguments: BackedUpKind.allCases)
    func refuses(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            let (image, _) = try await store.image()
            try await store.withLedger { ledger in
                _ = try await ledger.issuers()
                let obstacles = try await image.obstacles(at: store.place, replacing: true)
                #expect(obstacles.count == 1, "\(obstacles)")
                #expect(obstacles.first?.contains("stop") == true)
            }
            try await BackedUpKind.sqlite.withStore { other in
                let error = await #expect(throws: EnrollmentError.self) { try await image.loss(by: other.place) }
                #expect(error?.rule == "backup.otherAuthority")
            }
        }
    }

    @Test("is measured by CRLs that somebody has: numbers, revocations, certificates")
    func seen() async throws {
        try await BackedUpKind.sqlite.withStore { store in
            var known: SerialNumber?
            try await store.withLedger { ledger in
                known = try await SoundStore(ledger: ledger).enroll(LedgerFixture.user("sam")).serial
            }
            let (image, _) = try await store.image()
            let unknown = LedgerFixture.serial()
            let list = SeenCRL(
                shard: Self.shard,
                number: 9,
                thisUpdate: LedgerFixture.start,
                entries: [
                    .init(serialNumber: try #require(known), reason: .superseded),
                    .init(serialNumber: unknown, reason: .keyCompromise),
                ]
            )
            let old = SeenCRL(shard: Self.shard, number: 4, thisUpdate: LedgerFixture.start, entries: [])
            let none = try await image.loss(bySeen: [(old, "old")])
            #expect(none.isNone)
            #expect(none.numbers == [Self.shard: 4])
            let loss = try await image.loss(bySeen: [(list, "a cache"), (old, "old")])
            #expect(loss.numberings.map(\.known) == [9])
            #expect(loss.numberings.first?.source == "a cache")
            #expect(loss.revocations == [try #require(known): .superseded])
            #expect(loss.certificates == [unknown])
            #expect(loss.strangers == [unknown])
            var both = none
            both.add(loss)
            #expect(both.numbers == [Self.shard: 9])
        }
    }
}
