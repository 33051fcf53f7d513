internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Testing

@Suite("The PostgreSQL ledger's statements")
struct PostgresPlanTests {
    /// Tables that grow with the fleet.
    private static let large = [
        "device", "certificate", "attempt", "\"user\"", "outbox", "revocation_change", "revocation", "delivery",
    ]

    /// Fills the tables as a fleet of forty thousand devices would.
    private static let fleet = """
        INSERT INTO "user" (id, principal_name, principal_key, groups, last_seen)
            SELECT 'u' || g, 'u' || g, 'u' || g, '', 0 FROM generate_series(1, 15000) g;
        INSERT INTO device (id, user_id, state, is_live, name, name_key, enrollment_type, hardware_id, claimed_device_id,
                claimed_key, first_enrolled, last_proven_contact, certificate_serial, certificate_ends)
            SELECT decode(md5(g::text), 'hex'), 'u' || (g % 15000 + 1), CASE WHEN g % 50 = 0 THEN 'expired' ELSE 'active' END,
                CASE WHEN g % 50 = 0 THEN 0 ELSE 1 END, 'n' || g, 'n' || g, 'Full', 'h' || g, 'c' || g, 'c' || g, g, g,
                decode(md5('s' || g), 'hex'), 1800000000000000 + g
            FROM generate_series(1, 40000) g;
        INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before, not_after,
                recorded, digest, key_digest, thumbprint, to_be_signed, der, evidence, crl_shard)
            SELECT decode(md5('s' || g), 'hex'), CASE WHEN g < 500 THEN 'old' ELSE '2026-a' END,
                CASE WHEN g % 40 = 0 THEN 'superseded' ELSE 'issued' END, 'device/1',
                decode(md5((g % 40000 + 1)::text), 'hex'), 't' || g, 'CN=x', g, 1800000000000000 + g, g,
                sha256(('d' || g)::bytea), sha256(('k' || g)::bytea), sha256(('p' || g)::bytea), '\\x00', '\\x01', '', g % 16
            FROM generate_series(1, 80000) g;
        INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address, claimed_name, claimed_key,
                user_id, device)
            SELECT 't' || g, CASE WHEN g % 3 = 0 THEN 'renewal' ELSE 'enrollment' END,
                CASE WHEN g % 20 = 0 THEN 'refused' ELSE 'succeeded' END, g, 1, 'a', 'u', 'u' || (g % 15000 + 1),
                'u' || (g % 15000 + 1), decode(md5((g % 40000 + 1)::text), 'hex')
            FROM generate_series(1, 100000) g;
        INSERT INTO outbox (event, kind, device, generation, recorded, serial, position)
            SELECT decode(md5('e' || g), 'hex'), 'enrolled', decode(md5(g::text), 'hex'), 1, g,
                decode(md5('s' || g), 'hex'), CASE WHEN g < 39900 THEN 1000 + g END
            FROM generate_series(1, 40000) g;
        INSERT INTO destination (name, state, cursor) SELECT 'd' || g, 'active', 1000 FROM generate_series(1, 3) g;
        INSERT INTO delivery (destination, position, device, state, attempts, since, next_try, is_replay)
            SELECT 'd' || (g % 3 + 1), 1000 + g, decode(md5(g::text), 'hex'),
                CASE WHEN g % 10 = 0 THEN 'dead' ELSE 'waiting' END, 1, g, g, 0
            FROM generate_series(1, 30000) g;
        INSERT INTO revocation (issuer_id, shard, serial, reason, revoked, not_after)
            SELECT '2026-a', g % 16, decode(md5('r' || g), 'hex'), 4, g, g FROM generate_series(1, 30000) g;
        INSERT INTO revocation_change (issuer_id, shard, serial, recorded)
            SELECT '2026-a', g % 16, decode(md5('r' || g), 'hex'), g FROM generate_series(1, 30000) g;
        INSERT INTO certificate_proof (serial, issuer_id, digest, not_after, pruned)
            SELECT decode(md5('q' || g), 'hex'), 'old', sha256('x'), g, g FROM generate_series(1, 20000) g;
        ANALYZE;
        """

    /// Whether a statement is a list of everything, which is to be walked from its end.
    private static func isList(_ statement: String) -> Bool {
        statement.contains("WHERE ordinal < $1 AND ($3")
            || statement.hasSuffix("WHERE ordinal < $1 ORDER BY ordinal DESC LIMIT $2")
            || statement.hasSuffix("WHERE d.ordinal < $1 ORDER BY d.ordinal DESC LIMIT $2")
    }

    @Test("find what they ask for by an index, and never walk a large table in search of it", .timeLimit(.minutes(25)))
    func plans() async throws {
        try await PostgresFixture.withLedgers(1, adjust: { $0.connections = 1 }) {
            (ledgers, database) async throws -> Void in
            try await QueryPlanTests.useEverything(ledgers[0])
            try await database.psql(Self.fleet)
            let plans = try await ledgers[0].queryPlans()
            #expect(plans.count > 80)
            for (statement, plan) in plans {
                let text = "\(plan.joined(separator: "\n")) in \(statement)"
                // A replay is due all at once, and a backlog may be of one moment.
                let isWalk = ["ORDER BY v.next_try", "ORDER BY o.recorded", "ORDER BY d.issued", "ORDER BY o.position"]
                    .contains { statement.contains($0) }
                #expect(!isWalk || !plan.contains { $0.contains("Sort") }, "\(text)")
                // Every live device is to be counted.
                if statement.contains("GROUP BY trusted") { continue }
                for (index, line) in plan.enumerated() {
                    let details = plan[(index + 1)...].prefix { !$0.contains("->") }
                    let condition = details.first { $0.contains("Index Cond: ") }
                    for table in Self.large {
                        #expect(!line.contains("Seq Scan on \(table) "), "\(text)")
                        // The key by which a table is walked in order, with most of what is found thrown away.
                        guard line.contains("_pkey on \(table) "), !Self.isList(statement) else { continue }
                        let isFiltered = details.contains { $0.contains("  Filter: ") }
                        let isNamed = condition?.contains(" = ") ?? false
                        #expect(condition != nil, "\(text)")
                        // Retention goes by age, which is the order of the key.
                        #expect(isNamed || !isFiltered || statement.hasPrefix("DELETE"), "\(text)")
                    }
                }
            }
        }
    }
}
