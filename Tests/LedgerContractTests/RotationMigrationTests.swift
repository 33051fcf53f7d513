internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Logging
internal import SQLText
internal import SQLiteKit
internal import Testing

@testable internal import Ledger

@Suite("A ledger, opening a database from before key rotation", .timeLimit(.minutes(6)))
struct RotationMigrationTests {
    @Test("keeps on SQLite what devices were known to trust, and since when issuers sign")
    func sqlite() async throws {
        let folder = try TemporaryFolder()
        try FirstVersion.make(at: folder.database)
        do {
            let connection = try SQLiteConnection(path: folder.database, access: .readWrite)
            for (index, script) in SQLiteSchema.migrations[1...3].enumerated() {
                try connection.execute(script)
                let version = try connection.prepare("INSERT INTO schema_version VALUES (?1, 0)")
                try version.bind(Int64(index + 2), at: 1)
                try version.run()
            }
            try connection.execute(
                """
                INSERT INTO issuer (id, role, state, signed_by, serial, certificate, sealed_key, created)
                    VALUES ('2026-a', 'issuing', 'active', 'root-1', x'01', x'02', x'03', 7000000);
                INSERT INTO trust SELECT id, 'root-1', 1 FROM device WHERE state = 'issued';
                INSERT INTO trust SELECT id, '2026-a', 1 FROM device WHERE state = 'issued';
                INSERT INTO trust SELECT id, '2026-b', 1 FROM device WHERE state = 'issued';
                """
            )
        }
        let ledger = try await folder.openLedger()
        let thumbprint = try #require(Hexadecimal.decode(FirstVersion.thumbprint))
        let candidate = try #require(try await ledger.candidate(thumbprint: thumbprint))
        #expect(candidate.trusted == ["root-1", "2026-a", "2026-b"])
        let issuer = try #require(try await ledger.issuers().first)
        let created = Timestamp(seconds: 7)
        #expect(issuer.moments == IssuerRecord.Moments(published: created, activated: created))
        #expect(issuer.key == .sealed([3]))
        let figures = try await ledger.issuerFigures(at: LedgerFixture.start)
        #expect(figures.liveDevices == 1)
        #expect(figures.figures["2026-a"]?.knowingDevices == 1)
        await ledger.close()
        let connection = try SQLiteConnection(path: folder.database, access: .readOnly)
        #expect(try connection.integer("SELECT count(*) FROM device WHERE trusted = '2026-a 2026-b root-1'") == 1)
        #expect(try connection.integer("SELECT count(*) FROM device WHERE trusted = ''") == 1)
        #expect(try connection.integer("SELECT count(*) FROM trust") == 0)
        #expect(try connection.findings(.full) == [])
    }

    @Test("keeps on PostgreSQL what devices were known to trust, and lets the former program work on")
    func postgres() async throws {
        try await PostgresServer.shared().withDatabase { (database) async throws -> Void in
            let version = PostgresSchema.versions.text + PostgresSchema.migrations[0].text
            try await database.psql(
                version + PostgresSchema.migrations[1].text + """
                    INSERT INTO schema_version VALUES (1, 0), (2, 0);
                    INSERT INTO "user" (id, principal_name, principal_key, groups, last_seen)
                        VALUES ('kim', 'kim@corp.example', 'kim@corp.example', '', 0);
                    INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, claimed_device_id,
                            claimed_key, first_enrolled, last_proven_contact, certificate_serial, certificate_ends)
                        SELECT decode(md5(g::text), 'hex'), 'kim', 'active', 'n', 'n', 'full', 'c' || g, 'c' || g, g, g,
                            decode(md5('s' || g), 'hex'), 1900000000000000 FROM generate_series(1, 3) g;
                    INSERT INTO issuer (id, role, state, signed_by, serial, certificate, sealed_key, created)
                        VALUES ('root-1', 'root', 'active', 'root-1', '\\x01', '\\x02', '\\x03', 7000000);
                    INSERT INTO trust SELECT decode(md5(g::text), 'hex'), i, 1
                        FROM generate_series(1, 2) g, unnest(ARRAY['root-1', '2026-a']) i;
                    """
            )
            let ledger = try await PostgresLedger.open(
                PostgresFixture.settings(database),
                logger: Logger(label: "test")
            )
            let figures = try await ledger.issuerFigures(at: LedgerFixture.start)
            #expect(figures.liveDevices == 3)
            #expect(figures.figures["root-1"]?.knowingDevices == 2)
            #expect(figures.issuers.first?.moments.activated == Timestamp(seconds: 7))
            let known = try await database.psql("SELECT DISTINCT trusted FROM device ORDER BY trusted DESC LIMIT 1")
            #expect(known == "2026-a root-1")
            // As the former program notes a contact.
            try await database.psql(
                """
                INSERT INTO trust VALUES (decode(md5('3'), 'hex'), 'root-1', 1) ON CONFLICT (device, issuer_id) DO NOTHING
                """
            )
            await ledger.close()
        }
    }
}
