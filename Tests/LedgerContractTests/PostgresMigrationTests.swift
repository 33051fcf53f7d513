internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Logging
internal import SQLText
internal import Testing

@testable internal import Ledger

/// What the first release wrote, by the words of its statements, and what becomes of it.
@Suite("The PostgreSQL ledger, opening a database of the first version", .timeLimit(.minutes(6)))
struct PostgresMigrationTests {
    private static let devices = 200

    /// A database as the first release left it, with devices that were enrolled, half of them seen.
    private static let rows = """
        INSERT INTO schema_version VALUES (1, 0);
        INSERT INTO "user" (id, principal_name, principal_key, groups, last_seen)
            SELECT 'u' || g, 'u' || g || '@corp.example', 'u' || g || '@corp.example', '', 0
            FROM generate_series(1, \(devices)) g;
        INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, claimed_device_id, claimed_key,
                first_enrolled, last_proven_contact, certificate_serial, certificate_ends, generation)
            SELECT decode(md5(g::text), 'hex'), 'u' || g, CASE WHEN g % 2 = 0 THEN 'active' ELSE 'issued' END, 'n', 'n',
                'full', 'c', 'c', g, g, '\\x01'::bytea || decode(md5('s' || g), 'hex'), 1900000000000000, 1
            FROM generate_series(1, \(devices)) g;
        INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before, not_after,
                recorded, digest, key_digest, thumbprint, windows_thumbprint, to_be_signed, der, evidence, crl_shard)
            SELECT '\\x01'::bytea || decode(md5('s' || g), 'hex'), '2026-a', 'issued', 'device/1',
                decode(md5(g::text), 'hex'), 't' || g, 'CN=x', 1, 1900000000000000, g * 1000000,
                sha256(('d' || g)::bytea), sha256(('k' || g)::bytea), sha256(('p' || g)::bytea), '\\x02', '\\x03', '\\x04', '',
                3
            FROM generate_series(1, \(devices)) g;
        """
    /// As the first release's statement had it.
    private static let event = """
        INSERT INTO outbox (event, kind, device, generation, serial, predecessor, trace_id, recorded, sealed_account)
        SELECT decode(md5('e' || id::text || generation), 'hex'), 'enrolled', id, generation, certificate_serial, NULL, NULL,
            1000000 * generation, '\\x07' FROM device WHERE user_id = 'u%'
        """

    private static func insertion(_ number: Int) -> String {
        self.event.replacing("'u%'", with: "'u\(number)'")
    }

    @Test("is brought up to date while the former release writes, and has all of it in its feed")
    func rolling() async throws {
        try await PostgresServer.shared().withDatabase { (database) async throws -> Void in
            let version = PostgresSchema.versions.text + PostgresSchema.migrations[0].text
            try await database.psql(version + Self.rows)
            for number in 1...20 { try await database.psql(Self.insertion(number)) }
            let logger = Logger(label: "test")
            let ledger = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 21...Self.devices {
                        try await database.psql(
                            """
                            BEGIN;
                            UPDATE device SET state = 'issued', generation = generation + 1 WHERE user_id = 'u\(number)';
                            \(Self.insertion(number));
                            COMMIT;
                            """
                        )
                    }
                }
                let ledger = try await PostgresLedger.open(PostgresFixture.settings(database), logger: logger)
                try await group.waitForAll()
                return ledger
            }
            let feed = try await ledger.feed()
            #expect(feed.count == Self.devices)
            #expect(feed.map(\.position) == Array(1...Int64(Self.devices)))
            #expect(Set(feed.compactMap(\.device?.userID)).count == Self.devices)
            #expect(feed.allSatisfy { $0.sealedAccount == [7] && $0.certificate?.issuerID == "2026-a" })
            let silent = try await ledger.silentDevices(
                issuedBefore: LedgerFixture.start,
                after: nil,
                limit: Self.devices
            )
            // Those of before; what the former release enrolls meanwhile is not known to be silent.
            #expect(silent.elements.count >= Self.devices / 2)
            #expect(silent.elements.first?.issued == Timestamp(seconds: 1))
            try await ledger.enrolled(LedgerFixture.user())
            #expect(try await ledger.feed().last?.event.kind == .enrolled)
            await ledger.close()
            #expect(try await database.psql("SELECT max(version) FROM schema_version") == "\(PostgresSchema.version)")
        }
    }
}
