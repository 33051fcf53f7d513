internal import PostgresKit
internal import SQLText
internal import SQLiteKit

/// Lets the store look for damage of its own.
struct IntegrityCheck {
    let connection: LedgerConnection
    /// Whether indexes are compared with their tables, which takes longer.
    let isFull: Bool

    private static let remedy = "stop the service and restore a backup; then look at the disk"

    func outcomes(naming most: Int) throws -> [StoreCheckReport.Outcome] {
        try self.connection.sqlite == nil ? self.inPostgres(naming: most) : self.inSQLite(naming: most)
    }

    // MARK: SQLite

    private func inSQLite(naming most: Int) throws -> [StoreCheckReport.Outcome] {
        let findings = try self.connection.sqlite?.findings(self.isFull ? .full : .quick) ?? []
        let row = try self.connection.prepare("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check")
        var strays: [String] = []
        var count = 0
        while try row.step() {
            count += 1
            if strays.count < most {
                strays.append("\(row.text(0)), row \(row.integer(1)), has none in \(row.text(2))")
            }
        }
        let how = self.isFull ? "each index holds exactly its table's rows" : "without --full, indexes are not compared"
        return [
            .judged(
                "integrity",
                "every page of the file is sound (\(how))",
                count: findings.count,
                Array(findings.prefix(most)),
                remedy: Self.remedy
            ),
            .judged(
                "references",
                "every row that another one refers to is there",
                count: count,
                strays,
                remedy: Self.remedy
            ),
        ]
    }

    // MARK: PostgreSQL

    private func inPostgres(naming most: Int) throws -> [StoreCheckReport.Outcome] {
        [try self.constraints(), try self.checksums(), try self.indexes(naming: most)]
    }

    private func constraints() throws -> StoreCheckReport.Outcome {
        let row = try self.connection.prepare(
            """
            SELECT CAST(c.conname AS text) FROM pg_catalog.pg_constraint c WHERE NOT c.convalidated
                AND c.connamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = current_schema())
            """
        )
        var names: [String] = []
        while try row.step() { names.append("constraint \(row.text(0))") }
        return .judged(
            "constraints",
            "every constraint has been validated for every row",
            count: names.count,
            names,
            remedy: "ALTER TABLE … VALIDATE CONSTRAINT …, which names the row that offends"
        )
    }

    private func checksums() throws -> StoreCheckReport.Outcome {
        let row = try self.connection.prepare("SELECT current_setting('data_checksums')")
        let isOn = try row.step() && row.text(0) == "on"
        return StoreCheckReport.Outcome(
            name: "checksums",
            status: .note,
            what: isOn
                ? "the server's pages have checksums, which it verifies as it reads"
                : "the server's pages have no checksums: damage on the disk may go unnoticed",
            remedy: isOn ? nil : "stop the server and run pg_checksums --enable"
        )
    }

    /// Whether amcheck is there and this account may use it.
    private static let offered: SQL = """
        SELECT count(*) FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_proc p ON p.proname = 'bt_index_check'
        WHERE e.extname = 'amcheck' AND p.pronargs = 2 AND pg_catalog.has_function_privilege(p.oid, 'execute')
            AND pg_catalog.pg_function_is_visible(p.oid)
        """
    private static let indexes: SQL = """
        SELECT CAST(c.relname AS text), c.oid FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = c.relam
        WHERE a.amname = 'btree' AND i.indisvalid AND i.indisready AND c.relkind = 'i'
            AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = current_schema())
        ORDER BY c.relname
        """

    private static let quick: SQL = "SELECT bt_index_check(CAST(CAST(?1 AS oid) AS regclass), false)"
    private static let full: SQL = "SELECT bt_index_check(CAST(CAST(?1 AS oid) AS regclass), true)"

    private func indexes(naming most: Int) throws -> StoreCheckReport.Outcome {
        guard try self.connection.integer(Self.offered) ?? 0 > 0 else {
            return StoreCheckReport.Outcome(
                name: "integrity",
                status: .skipped,
                what: "the pages of indexes were not read: the extension amcheck is not there, or not for this account",
                remedy: "CREATE EXTENSION amcheck; GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO …"
            )
        }
        var names: [(name: String, id: Int64)] = []
        let row = try self.connection.prepare(Self.indexes)
        while try row.step() { names.append((row.text(0), row.integer(1))) }
        var findings: [String] = []
        for index in names {
            let complaint = try self.connection.complaint {
                let check = try self.connection.prepare(self.isFull ? Self.full : Self.quick)
                try check.bind(index.id, at: 1)
                _ = try check.step()
            }
            if let complaint { findings.append("index \(index.name): \(complaint.message)") }
        }
        let how = self.isFull ? "each holds exactly its table's rows" : "without --full, tables are not compared"
        return .judged(
            "integrity",
            "every page of the \(names.count) indexes is sound (\(how))",
            count: findings.count,
            Array(findings.prefix(most)),
            remedy: "REINDEX INDEX CONCURRENTLY …; then look at the disk and at the collation's version"
        )
    }
}
