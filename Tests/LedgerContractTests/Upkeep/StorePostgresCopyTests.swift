internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Glibc
internal import SQLText
internal import SQLiteKit
internal import Synchronization
internal import Testing

@testable internal import Ledger

@Suite("Copying a store to PostgreSQL and back")
struct StorePostgresCopyTests {
    private static func copy(
        from source: StorePlace,
        to target: StorePlace,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) -> StoreCopy {
        StoreCopy(from: source, to: target, digest: SoundStore.digest, isStopped: isStopped)
    }

    private static func place(_ database: PostgresDatabase) -> StorePlace {
        .postgres(StoreOnPostgres.settings(database))
    }

    private static func filled(_ folder: TemporaryFolder) async throws -> StorePlace {
        let ledger = try await folder.openLedger()
        try await SoundStore(ledger: ledger).fill(more: 3)
        await ledger.close()
        return .sqlite(path: folder.database)
    }

    private static func digests(_ report: StoreCopyReport) -> [[UInt8]] { report.tables.map(\.digest) }

    @Test("the description of the tables is that of PostgreSQL's schema, column by column")
    func description() async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            let rows = try await database.psql(
                """
                SELECT c.relname, a.attname, t.typname, a.attnotnull, coalesce(o.collname, '-'), coalesce((
                    SELECT array_position(CAST(i.indkey AS smallint[]), a.attnum) FROM pg_index i
                    WHERE i.indrelid = c.oid AND i.indisprimary), -1)
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation o ON o.oid = a.attcollation
                WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
                    AND c.relname <> 'schema_version'
                ORDER BY 1, 2
                """
            )
            var described: Set<String> = []
            for table in StoreTable.all {
                for (index, column) in table.columns.enumerated() {
                    let type =
                        switch column.kind {
                        case .integer: "int8"
                        case .text: "text"
                        case .octets: "bytea"
                        }
                    let words = [
                        table.title, column.title, type, column.isOptional ? "f" : "t",
                        column.kind == .text ? "C" : "-", index < table.keyCount ? "\(index)" : "-1",
                    ]
                    described.insert(words.joined(separator: "|"))
                }
            }
            #expect(Set(rows.split(separator: "\n").map(String.init)) == described)
        }
    }

    @Test("takes every row over, and back again, with equal digests; each of the three is sound and can be worked with")
    func roundTrip() async throws {
        let (folder, last) = (try TemporaryFolder(), try TemporaryFolder())
        let source = try await Self.filled(folder)
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            let there = try await Self.copy(from: source, to: Self.place(database)).run()
            #expect(there.stage == .finished)
            #expect(there.obstacles == [])
            #expect(there.tables.allSatisfy { $0.copied == $0.rows && $0.digest == $0.digestOfCopy })
            #expect(Set(there.tables.filter { $0.rows == 0 }.map(\.name)).isSubset(of: SoundStore.empty))
            try await StoreOnPostgres.expectSound(database)

            let back = try await Self.copy(from: Self.place(database), to: .sqlite(path: last.database)).run()
            #expect(back.stage == .finished)
            #expect(back.obstacles == [])
            #expect(Self.digests(back) == Self.digests(there))

            let ledger = try await StoreOnPostgres.open(database)
            _ = try await SoundStore(ledger: ledger).enroll(LedgerFixture.user("lee"))
            await ledger.close()
            try await StoreOnPostgres.expectSound(database)
        }
        let ledger = try await last.openLedger()
        _ = try await SoundStore(ledger: ledger).enroll(LedgerFixture.user("lee"))
        let report = try await ledger.check(full: true, naming: 5, digest: SoundStore.digest)
        #expect(report.outcomes.filter { $0.status == .broken }.map(\.name) == [])
        await ledger.close()
    }

    @Test("goes on with the numbers the source has given, though their rows are gone")
    func numbering() async throws {
        let (folder, last) = (try TemporaryFolder(), try TemporaryFolder())
        let source = try await Self.filled(folder)
        do {
            let connection = try SQLiteConnection(path: folder.database, access: .readWrite)
            try connection.execute("UPDATE sqlite_sequence SET seq = 500 WHERE name = 'revocation_change'")
        }
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            #expect(try await Self.copy(from: source, to: Self.place(database)).run().stage == .finished)
            let next = try await database.psql(
                "SELECT last_value, is_called FROM revocation_change_ordinal_seq; SELECT count(*) FROM revocation_change"
            )
            #expect(next.hasPrefix("500|t\n"))
            try await database.psql("SELECT setval('revocation_change_ordinal_seq', 700)")
            let back = try await Self.copy(from: Self.place(database), to: .sqlite(path: last.database)).run()
            #expect(back.stage == .finished)
        }
        let connection = try SQLiteConnection(path: last.database, access: .readOnly)
        #expect(try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'revocation_change'") == 700)
    }

    @Test("goes on where it was stopped; until it is done nobody can open the database")
    func stopped() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.filled(folder)
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            for run in 0..<3 {
                let batches = Mutex(0)
                let report = try await Self.copy(from: source, to: Self.place(database)) {
                    batches.withLock { count in
                        count += 1
                        return count > 4
                    }
                }
                .run()
                #expect(report.stage == .stopped)
                #expect(report.isResumed == (run > 0))
                for access in [LedgerAccess.readWrite, .readOnly, .founding] {
                    let rule = await rule { _ = try await StoreOnPostgres.open(database, access: access) }
                    #expect(rule == "ledger.unfinishedCopy")
                }
            }
            let report = try await Self.copy(from: source, to: Self.place(database)).run()
            #expect(report.stage == .finished)
            #expect(report.isResumed)
            try await StoreOnPostgres.expectSound(database)
            // And then it is somebody's store.
            #expect(try await Self.copy(from: source, to: Self.place(database)).run().obstacles.count == 1)
        }
    }

    @Test("goes on after its connection was cut in the middle of a batch")
    func cut() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.filled(folder)
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            var runs = 0
            var batch = 1
            while true {
                runs += 1
                let batches = Mutex(0)
                let last = batch
                let copy = Self.copy(from: source, to: Self.place(database)) {
                    let isDue = batches.withLock { count in
                        count += 1
                        return count == last
                    }
                    if isDue { Self.cutSessions(of: database) }
                    return false
                }
                do {
                    #expect(try await copy.run().stage == .finished)
                    break
                } catch let error as EnrollmentError {
                    #expect(error.rule == "ledger.connection", "\(String(reflecting: error))")
                }
                batch += 5
            }
            #expect(runs > 3)
            try await StoreOnPostgres.expectSound(database)
        }
    }

    /// Ends the copier's sessions from outside of it, and waits until that is done.
    private static func cutSessions(of database: PostgresDatabase) {
        let done = Mutex(false)
        Task.detached {
            _ = try? await database.server.administration.psql(
                """
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE datname = '\(database.name)' AND application_name = 'gatehouse store copy'
                """
            )
            done.withLock { $0 = true }
        }
        while !done.withLock({ $0 }) { usleep(10_000) }
    }

    @Test("refuses a source that a service uses, and one whose lease somebody holds")
    func inUse() async throws {
        let folder = try TemporaryFolder()
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            let copy = Self.copy(from: Self.place(database), to: .sqlite(path: folder.database))
            let ledger = try await StoreOnPostgres.open(database)
            for report in [try await copy.rehearse(), try await copy.run()] {
                #expect(report.obstacles.count == 1)
                #expect(report.obstacles.first?.contains("stop every replica") == true)
                #expect(report.rows > 0)
            }
            await ledger.close()
            try await database.psql(
                """
                INSERT INTO lease VALUES ('housekeeping', 'gh-02',
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 60000000)
                """
            )
            #expect(try await copy.run().obstacles.first?.contains("gh-02 holds the lease housekeeping") == true)
            try await database.psql("DELETE FROM lease WHERE name = 'housekeeping'")
            #expect(try await copy.run().stage == .finished)
        }
    }

    @Test("lets nobody write to the source while it is copied")
    func excluded() async throws {
        let folder = try TemporaryFolder()
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            let refused = Mutex(0)
            let copy = Self.copy(from: Self.place(database), to: .sqlite(path: folder.database)) {
                // One look is enough, and each is a process of its own.
                guard refused.withLock({ $0 == 0 }) else { return false }
                let done = Mutex<Bool?>(nil)
                Task.detached {
                    do {
                        try await database.psql("SET lock_timeout = 100; UPDATE device SET model = 'x'")
                        done.withLock { $0 = false }
                    } catch {
                        done.withLock { $0 = true }
                    }
                }
                while done.withLock({ $0 == nil }) { usleep(10_000) }
                refused.withLock { $0 = done.withLock { $0 == true } ? 1 : -1 }
                return false
            }
            #expect(try await copy.run().stage == .finished)
            #expect(refused.withLock { $0 } == 1)
        }
    }

    @Test("refuses a text with U+0000, which SQLite holds and PostgreSQL does not, and names the row")
    func zero() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.filled(folder)
        do {
            let connection = try SQLiteConnection(path: folder.database, access: .readWrite)
            try connection.execute("UPDATE device SET model = 'a' || char(0) || 'b' WHERE ordinal = 2")
        }
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            let copy = Self.copy(from: source, to: Self.place(database))
            #expect(
                try await copy.rehearse().obstacles
                    == ["device, row 2, model: the text holds U+0000, which PostgreSQL does not store"]
            )
            #expect(await rule { _ = try await copy.run() } == "copy.row")
        }
    }

    @Test("keeps each value exactly: empty or none, negative, larger than a double holds, any character")
    func values() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.filled(folder)
        do {
            let connection = try SQLiteConnection(path: folder.database, access: .readWrite)
            try connection.execute(
                """
                UPDATE device SET model = '', os_version = NULL, hardware_id = char(1) || '\u{FEFF}é\u{0065}\u{0301}😀\\',
                    conflicts = x'', certificate_ends = -9223372036854775808, generation = 9007199254740993
                    WHERE ordinal = 2;
                """
            )
        }
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            #expect(try await Self.copy(from: source, to: Self.place(database)).run().stage == .finished)
            let row = try await database.psql(
                """
                SELECT model = '', os_version IS NULL, encode(convert_to(hardware_id, 'UTF8'), 'hex'), conflicts = '',
                    certificate_ends, generation FROM device WHERE ordinal = 2
                """
            )
            #expect(row == "t|t|01efbbbfc3a965cc81f09f98805c|t|-9223372036854775808|9007199254740993")
        }
    }

    @Test("refuses a database that is another program's")
    func foreign() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.filled(folder)
        try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
            try await database.psql("CREATE TABLE thing (number bigint)")
            let copy = Self.copy(from: source, to: Self.place(database))
            #expect(await rule { _ = try await copy.rehearse() } == "ledger.foreign")
            #expect(await rule { _ = try await copy.run() } == "ledger.foreign")
            #expect(try await database.psql("SELECT count(*) FROM pg_class WHERE relname = 'device'") == "0")
        }
    }
}
