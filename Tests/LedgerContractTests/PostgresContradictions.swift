internal import EnrollmentTestKit

/// Rows that contradict each other, counted by somebody else's program.
enum PostgresContradictions {
    private static let checks: [(name: String, sql: String)] = [
        (
            "a device without intent",
            "FROM device d WHERE NOT EXISTS (SELECT 1 FROM certificate c WHERE c.device = d.id)"
        ),
        (
            "an intent without attempt",
            "FROM certificate c WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.trace_id = c.trace_id)"
        ),
        (
            "an issued device without its certificate",
            """
            FROM device d WHERE d.state = 'issued' AND NOT EXISTS (SELECT 1 FROM certificate c
                WHERE c.serial = d.certificate_serial AND c.state = 'issued' AND c.der IS NOT NULL)
            """
        ),
        (
            "a certificate without event",
            """
            FROM certificate c WHERE c.state = 'issued' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.serial = c.serial)
            """
        ),
        (
            "an event told twice",
            "FROM (SELECT 1 FROM outbox WHERE device IS NOT NULL GROUP BY device, generation HAVING count(*) > 1) AS twice"
        ),
        (
            "a success without certificate",
            """
            FROM attempt a WHERE a.outcome = 'succeeded' AND NOT EXISTS (SELECT 1 FROM certificate c
                WHERE c.trace_id = a.trace_id AND c.state IN ('issued', 'superseded', 'revoked'))
            """
        ),
        (
            "a certificate without success",
            """
            FROM certificate c WHERE c.state = 'issued' AND NOT EXISTS (SELECT 1 FROM attempt a
                WHERE a.trace_id = c.trace_id AND a.outcome = 'succeeded')
            """
        ),
        (
            "a superseded certificate that is not revoked",
            """
            FROM certificate c WHERE c.state = 'superseded' AND NOT EXISTS (SELECT 1 FROM revocation r
                WHERE r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial)
            """
        ),
        (
            "a revocation that the log does not tell",
            """
            FROM revocation r WHERE NOT EXISTS (SELECT 1 FROM revocation_change l
                WHERE l.issuer_id = r.issuer_id AND l.shard = r.shard AND l.serial = r.serial)
            """
        ),
    ]

    /// What is wrong, with how many rows.
    static func find(in database: PostgresDatabase) async throws -> [String: Int] {
        let questions = self.checks.map { "SELECT count(*) \($0.sql);" }.joined(separator: "\n")
        let counts = try await database.psql(questions).split(separator: "\n").map { Int($0) ?? -1 }
        return zip(self.checks.map(\.name), counts).reduce(into: [:]) { found, pair in
            if pair.1 != 0 { found[pair.0] = pair.1 }
        }
    }
}
