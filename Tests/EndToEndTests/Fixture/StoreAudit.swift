import SQLText
import SQLiteKit
import Testing

/// Looks into the database itself for what must never be.
struct StoreAudit {
    private let connection: SQLiteConnection

    init(_ path: String) throws {
        self.connection = try SQLiteConnection(path: path, access: .readOnly)
    }

    /// Expects that nothing is half done and that nobody has more than `limit` devices.
    func expectSound(limit: Int = 10) throws {
        #expect(try self.connection.findings(.full).isEmpty)
        // What is signed is what was recorded before: the certificate holds the recorded octets.
        #expect(
            try self.connection.integer(
                "SELECT count(*) FROM certificate WHERE state = 'issued' AND (der IS NULL OR instr(der, to_be_signed) = 0)"
            ) == 0
        )
        #expect(
            try self.connection.integer(
                """
                SELECT count(*) FROM certificate AS c WHERE c.state = 'issued' AND c.device IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM attempt AS a WHERE a.serial = c.serial AND a.outcome = 'succeeded')
                """
            ) == 0
        )
        #expect(
            try self.connection.integer(
                """
                SELECT count(*) FROM device AS d WHERE d.state = 'issued'
                AND NOT EXISTS (SELECT 1 FROM certificate AS c
                    WHERE c.serial = d.certificate_serial AND c.state = 'issued')
                """
            ) == 0
        )
        #expect(
            try self.connection.integer(
                """
                SELECT count(*) FROM certificate AS c WHERE c.state = 'issued' AND c.device IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.serial = c.serial)
                """
            ) == 0
        )
        let most = try self.connection.integer(
            "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM device WHERE is_live = 1 GROUP BY user_id)"
        )
        #expect((most ?? 0) <= limit)
    }

    /// Serial numbers of the devices' certificates that were issued, as upper-case hexadecimal.
    func issued() throws -> Set<String> {
        let statement = try self.connection.prepare(
            "SELECT hex(serial) FROM certificate WHERE state = 'issued' AND device IS NOT NULL"
        )
        var serials: Set<String> = []
        while try statement.step() { serials.insert(statement.text(0)) }
        return serials
    }

    /// Ids of devices about which something contradicts itself, lower-case with dashes.
    func conflicts() throws -> [String] {
        let statement = try self.connection.prepare(
            "SELECT lower(hex(id)) FROM device WHERE conflicts IS NOT NULL AND length(conflicts) > 1"
        )
        var ids: [String] = []
        while try statement.step() {
            let digits = Array(statement.text(0))
            let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
            ids.append(groups.joined(separator: "-"))
        }
        return ids
    }

    /// How many published CRLs have a number below that of one published before.
    func backwardCRLs() throws -> Int {
        let count = try self.connection.integer(
            """
            SELECT count(*) FROM crl AS a JOIN crl AS b
            ON a.issuer_id = b.issuer_id AND a.shard = b.shard AND a.ordinal < b.ordinal AND a.number >= b.number
            """
        )
        return Int(count ?? -1)
    }

    /// The same with those that were superseded or revoked since.
    func everIssued() throws -> Set<String> {
        let statement = try self.connection.prepare(
            "SELECT hex(serial) FROM certificate WHERE der IS NOT NULL AND device IS NOT NULL"
        )
        var serials: Set<String> = []
        while try statement.step() { serials.insert(statement.text(0)) }
        return serials
    }
}
