internal import EnrollmentCore
internal import Foundation
internal import SQLText
internal import SQLiteKit
internal import Testing

@testable internal import Ledger

@Suite("The image of a store for a backup")
struct StoreImageTests {
    @Test(
        "holds every row of every table, and says the same of itself wherever it is read",
        arguments: BackedUpKind.allCases
    )
    func whole(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            let (image, facts) = try await store.image()
            #expect(facts.tables.map(\.name) == StoreTable.all.map(\.title))
            for table in facts.tables where !SoundStore.empty.contains(table.name) {
                #expect(table.rows > 0, "\(table.name) is not tried")
            }
            #expect(facts.issuers.map(\.id) == ["root-1", "2026-a", "root-2", "2025-a"])
            #expect(facts.shards.contains { $0.lastNumber == 4 && $0.published == 3 }, "\(facts.shards)")
            #expect(facts.feedPosition == 8)
            let copy = try await image.transferred()
            #expect(try await copy.open() == false)
            #expect(try await copy.facts(digest: SoundStore.digest) == facts)
            let check = try await copy.check(naming: 5, digest: SoundStore.digest)
            #expect(check.outcomes.filter { $0.status == .broken }.map(\.name) == [])
        }
    }

    @Test("has no name from before its first octet on, and leaves nothing in its folder")
    func nameless() async throws {
        let folder = try TemporaryFolder()
        let store = try TemporaryFolder()
        let ledger = try await store.openLedger(access: .founding)
        try await SoundStore(ledger: ledger).fill()
        await ledger.close()
        let image = try StoreImage(in: folder.url.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
        _ = try await image.fill(
            from: .sqlite(path: store.database),
            digest: SoundStore.digest,
            progress: { _ in
                // Neither while it is filled.
                #expect((try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) == [])
            }
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
        let copy = try await image.transferred()
        _ = try await copy.open()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }

    @Test("shows one moment, while devices enroll beside it", arguments: BackedUpKind.allCases)
    func moment(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            try await store.withLedger { ledger in
                let sound = SoundStore(ledger: ledger)
                try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTask {
                        var count = 0
                        while !Task.isCancelled {
                            _ = try await sound.enroll(LedgerFixture.user())
                            count += 1
                        }
                        return count
                    }
                    var last = 0
                    for _ in 0..<6 {
                        let (image, facts) = try await store.image()
                        let check = try await image.check(naming: 5, digest: SoundStore.digest)
                        #expect(check.outcomes.filter { $0.status == .broken }.map(\.name) == [])
                        #expect(facts.rows(of: "device") >= last)
                        last = facts.rows(of: "device")
                    }
                    group.cancelAll()
                    let count = try await group.next() ?? 0
                    #expect(count > 0)
                }
            }
        }
    }

    @Test("is refused by a program that knows only an older schema, and tells what holds no store")
    func versions() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await folder.openLedger(access: .founding)
        try await SoundStore(ledger: ledger).fill()
        await ledger.close()
        let (image, _) = try await BackedUpStore(place: .sqlite(path: folder.database), folder: folder, database: nil)
            .image()
        try await image.change("INSERT INTO schema_version VALUES (999, 0)")
        let newer = try await image.transferred()
        let error = await #expect(throws: EnrollmentError.self) { try await newer.open() }
        #expect(error?.rule == "backup.schema")
        try await image.change("PRAGMA application_id = 7")
        let foreign = try await image.transferred()
        let other = await #expect(throws: EnrollmentError.self) { try await foreign.open() }
        #expect(other?.rule == "backup.content")
        let noise = try await image.transferred { octets in octets = LedgerFixture.octets(9_000) }
        await #expect(throws: EnrollmentError.self) { try await noise.open() }
    }

    @Test("of the first version of the schema is brought up to date when it is opened")
    func older() async throws {
        let folder = try TemporaryFolder()
        do {
            let connection = try SQLiteConnection(path: folder.database, access: .create)
            try connection.execute(
                """
                PRAGMA application_id = 0x47415445;
                CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL) STRICT;
                INSERT INTO schema_version VALUES (1, 0);
                """
            )
            try connection.execute(SQLiteSchema.migrations[0])
        }
        let octets = Array(try Data(contentsOf: URL(filePath: folder.database)))
        let empty = try StoreImage(in: folder.url.path)
        #expect(pwrite(empty.descriptor, octets, octets.count, 0) == octets.count)
        #expect(try await empty.open())
        let check = try await empty.check(naming: 5, digest: SoundStore.digest)
        #expect(check.version == Int(SQLiteSchema.version))
        #expect(check.outcomes.filter { $0.status == .broken }.map(\.name) == [])
    }

    @Test("ends when somebody asks it to, and says so")
    func stopped() async throws {
        try await BackedUpKind.sqlite.withStore { store in
            let image = try StoreImage(in: FileManager.default.temporaryDirectory.path)
            let error = await #expect(throws: EnrollmentError.self) {
                try await image.fill(from: store.place, digest: SoundStore.digest, isStopped: { true })
            }
            #expect(error?.rule == "backup.stopped")
        }
    }

    @Test("cannot be made in a folder that is not there")
    func nowhere() {
        let error = #expect(throws: EnrollmentError.self) { try StoreImage(in: "/nowhere/at/all") }
        #expect(error?.rule == "backup.temporary")
    }
}
