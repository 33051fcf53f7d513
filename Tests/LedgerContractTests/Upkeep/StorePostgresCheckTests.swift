internal import EnrollmentCore
internal import EnrollmentTestKit
internal import SQLText
internal import Testing

@testable internal import Ledger

@Suite("Checking a store in PostgreSQL")
struct StorePostgresCheckTests {
    @Test("finds nothing in a sound one, and says what the server does for its pages")
    func sound() async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            let report = try await StoreOnPostgres.check(database)
            #expect(report.outcomes.filter { $0.status == .broken }.map { "\($0.name) \($0.examples)" } == [])
            #expect(report.version == Int(PostgresSchema.version))
            #expect(report.rows.map(\.name) == StoreTable.all.map(\.title))
            #expect(report.outcomes.first { $0.name == "checksums" }?.status == .note)
            #expect(report.outcomes.first { $0.name == "integrity" }?.status == .skipped)
        }
    }

    @Test("reads the pages of indexes where amcheck is there", arguments: [false, true])
    func amcheck(full: Bool) async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            try await database.psql("CREATE EXTENSION amcheck")
            let report = try await StoreOnPostgres.check(database, full: full)
            #expect(report.outcomes.first { $0.name == "integrity" }?.status == .sound)
            #expect(report.isSound)
        }
    }

    @Test("knows each index that the migrations make")
    func indexes() async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            let rows = try await database.psql(
                """
                SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE c.relnamespace = 'public'::regnamespace
                    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid) ORDER BY 1
                """
            )
            #expect(PostgresIndexes.names == Set(rows.split(separator: "\n").map(String.init)))
        }
        #expect(
            PostgresIndexes.names(in: ["CREATE UNIQUE INDEX a ON b (c); DROP INDEX a;\nCREATE INDEX d ON b (e)"]) == [
                "d"
            ]
        )
    }

    /// What SQLite's scripts say, in PostgreSQL's words.
    private static func translated(_ script: SQL) -> String {
        var text = script.text
        for (from, to) in [
            ("DELETE FROM user", "DELETE FROM \"user\""), ("randomblob(32)", "sha256('other')"),
            ("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'outbox'", "SELECT setval('outbox_ordinal_seq', 1)"),
        ] {
            text = text.replacing(from, with: to)
        }
        return text.replacing(#/x'([0-9a-f]*)'/#) { "'\\x\($0.output.1)'::bytea" }
    }

    /// What would keep anybody from breaking it.
    private static let unguard = """
        DO $$ DECLARE k record; BEGIN
            FOR k IN SELECT conrelid::regclass AS t, conname AS n FROM pg_constraint
                WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
            LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.t, k.n); END LOOP;
        END $$;

        """

    private static let breaches = StoreCheckTests.breaches.filter { breach in
        // Of SQLite alone: it checks references by itself, and compares the schema word for word.
        breach.name != "references" && !breach.script.text.contains("TRIGGER")
    }

    @Test("names what was broken, says what to do, and nothing else", arguments: Self.breaches)
    func breach(_ breach: StoreCheckTests.Breach) async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            try await database.psql(Self.unguard + Self.translated(breach.script))
            let report = try await StoreOnPostgres.check(database)
            let broken = report.outcomes.filter { $0.status == .broken }
            #expect(broken.map(\.name).contains(breach.name))
            let also = breach.also.subtracting(["references"])
            #expect(Set(broken.map(\.name)).subtracting([breach.name]) == also)
            let outcome = try #require(broken.first { $0.name == breach.name })
            #expect(outcome.count > 0)
            #expect(!outcome.examples.isEmpty)
            #expect(outcome.remedy?.isEmpty == false)
        }
    }

    @Test("names an index that is not valid, a column of another form, and a constraint that was not validated")
    func schema() async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            try await database.psql(
                """
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'trust_issuer'::regclass;
                ALTER TABLE act ALTER COLUMN ticket SET NOT NULL;
                ALTER TABLE act ADD CONSTRAINT odd CHECK (recorded > 0) NOT VALID
                """
            )
            let report = try await StoreOnPostgres.check(database)
            let broken = report.outcomes.filter { $0.status == .broken }
            #expect(broken.map(\.name) == ["schema", "constraints"])
            #expect(broken.first?.count == 3)
            #expect(broken.last?.examples == ["constraint odd"])
        }
    }

    @Test("sees one state of the store while somebody writes to it")
    func beside() async throws {
        try await StoreOnPostgres.withStore { (database) async throws -> Void in
            let writer = try await StoreOnPostgres.open(database)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for _ in 0..<40 { _ = try await SoundStore(ledger: writer).enroll(LedgerFixture.user("lee")) }
                }
                for _ in 0..<5 { try await StoreOnPostgres.expectSound(database) }
                try await group.waitForAll()
            }
            await writer.close()
        }
    }
}
