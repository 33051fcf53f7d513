import EnrollmentTestKit
import Foundation
import Testing

/// Looks into the store itself for what must never be, through the programs that come with the database.
struct StoreAudit: Sendable {
    private let place: Place

    init(_ place: Place) {
        self.place = place
    }

    /// The first column of what a query gives, as text.
    ///
    /// - Parameters:
    ///   - sqlite: The query in SQLite's words.
    ///   - postgres: In PostgreSQL's; `nil` when they are the same.
    /// - Returns: One text for each row.
    /// - Throws: When the store does not answer.
    func column(_ sqlite: String, postgres: String? = nil) async throws -> [String] {
        try await self.place.query(sqlite, postgres: postgres)
    }

    /// The number that a query gives.
    func count(_ sqlite: String, postgres: String? = nil) async throws -> Int {
        let text = try await self.column(sqlite, postgres: postgres).first
        return try #require(text.flatMap { Int($0) })
    }

    /// Expects that nothing is half done and that nobody has more than `limit` devices.
    func expectSound(limit: Int = 10) async throws {
        if self.place.store.access == nil {
            #expect(try await self.column("PRAGMA integrity_check") == ["ok"])
            #expect(try await self.column("PRAGMA foreign_key_check") == [])
        }
        // What is signed is what was recorded before: the certificate holds the recorded octets.
        let unequal = try await self.count(
            "SELECT count(*) FROM certificate WHERE state = 'issued' AND (der IS NULL OR instr(der, to_be_signed) = 0)",
            postgres: """
                SELECT count(*) FROM certificate
                WHERE state = 'issued' AND (der IS NULL OR position(to_be_signed IN der) = 0)
                """
        )
        #expect(unequal == 0, "certificates that are not what was recorded")
        let unexplained = try await self.count(
            """
            SELECT count(*) FROM certificate AS c WHERE c.state = 'issued' AND c.device IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM attempt AS a WHERE a.serial = c.serial AND a.outcome = 'succeeded')
            """
        )
        #expect(unexplained == 0, "certificates without the attempt that led to them")
        let empty = try await self.count(
            """
            SELECT count(*) FROM device AS d WHERE d.state = 'issued'
            AND NOT EXISTS (SELECT 1 FROM certificate AS c
                WHERE c.serial = d.certificate_serial AND c.state = 'issued')
            """
        )
        #expect(empty == 0, "devices without their certificate")
        let untold = try await self.count(
            """
            SELECT count(*) FROM certificate AS c WHERE c.state = 'issued' AND c.device IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.serial = c.serial)
            """
        )
        #expect(untold == 0, "certificates that the management server is not told of")
        let most = try await self.count(
            """
            SELECT coalesce(max(n), 0) FROM
            (SELECT count(*) AS n FROM device WHERE is_live = 1 GROUP BY user_id) AS per_user
            """
        )
        #expect(most <= limit, "more devices than the limit")
    }

    /// Serial numbers of the devices' certificates that were issued, as upper-case hexadecimal.
    func issued() async throws -> Set<String> {
        try await self.serials("state = 'issued' AND device IS NOT NULL")
    }

    /// The same with those that were superseded or revoked since.
    func everIssued() async throws -> Set<String> {
        try await self.serials("der IS NOT NULL AND device IS NOT NULL")
    }

    private func serials(_ condition: String) async throws -> Set<String> {
        Set(
            try await self.column(
                "SELECT hex(serial) FROM certificate WHERE \(condition)",
                postgres: "SELECT upper(encode(serial, 'hex')) FROM certificate WHERE \(condition)"
            )
        )
    }

    /// Ids of devices about which something contradicts itself, lower-case with dashes.
    func conflicts() async throws -> [String] {
        let condition = "conflicts IS NOT NULL AND length(conflicts) > 1"
        return try await self.column(
            "SELECT lower(hex(id)) FROM device WHERE \(condition)",
            postgres: "SELECT encode(id, 'hex') FROM device WHERE \(condition)"
        ).map { digits in
            let digits = Array(digits)
            let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
            return groups.joined(separator: "-")
        }
    }

    /// How many published CRLs have a number that is not above that of each one published before.
    func backwardCRLs() async throws -> Int {
        try await self.count(
            """
            SELECT count(*) FROM crl AS a JOIN crl AS b
            ON a.issuer_id = b.issuer_id AND a.shard = b.shard AND a.ordinal < b.ordinal AND a.number >= b.number
            """
        )
    }
}
