internal import SQLText
internal import SQLiteKit

/// Compares the tables, columns and indexes of a store with those that this version makes.
struct SchemaCheck {
    let connection: LedgerConnection

    private static let remedy =
        "stop the service and restore a backup; a store is changed by gatehouse alone, see Config/README.md"

    func outcome(naming most: Int) throws -> StoreCheckReport.Outcome {
        let findings = try self.connection.isSQLite ? self.inSQLite() : self.inPostgres()
        return .judged(
            "schema",
            "every table, column and index of schema version \(try self.version()) is there, as this version makes it,"
                + " and no other",
            count: findings.count,
            Array(findings.prefix(most)),
            remedy: Self.remedy
        )
    }

    func version() throws -> Int {
        Int(try self.connection.integer("SELECT max(version) FROM schema_version") ?? 0)
    }

    // MARK: SQLite

    /// A database made anew in memory tells what has to be there, word for word.
    private func inSQLite() throws -> [String] {
        let model = try SQLiteConnection(path: ":memory:", access: .readWrite)
        for script in SQLiteSchema.migrations { try model.execute(script) }
        let expected = try Self.objects(of: LedgerConnection(model))
        let found = try Self.objects(of: self.connection)
        var findings: [String] = []
        for (name, text) in expected.sorted(by: { $0.key < $1.key }) {
            switch found[name] {
            case nil: findings.append("\(name) is missing")
            case text: break
            default: findings.append("\(name) is not as this version makes it")
            }
        }
        for name in found.keys.sorted() where expected[name] == nil {
            findings.append("\(name) is not of this version")
        }
        return findings
    }

    private static func objects(of connection: LedgerConnection) throws -> [String: String] {
        // What SQLite makes by itself, and the table that has to be there before the first migration.
        let row = try connection.prepare(
            """
            SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                AND name <> 'schema_version'
            """
        )
        var objects: [String: String] = [:]
        while try row.step() { objects["\(row.text(0)) \(row.text(1))"] = row.text(2) }
        return objects
    }

    // MARK: PostgreSQL

    private func inPostgres() throws -> [String] {
        var findings: [String] = []
        let columns = try self.columnsInPostgres()
        for table in StoreTable.all {
            guard let found = columns[table.title] else {
                findings.append("table \(table.title) is missing")
                continue
            }
            let expected = Set(table.columns.map(Self.describe))
            findings += expected.subtracting(found).sorted()
                .map { "table \(table.title): column \($0) is missing or of another form" }
            findings += found.subtracting(expected).sorted()
                .map { "table \(table.title): column \($0) is not of this version" }
        }
        return findings + (try self.indexesInPostgres())
    }

    private static func describe(_ column: StoreTable.Column) -> String {
        let type =
            switch column.kind {
            case .integer: "bigint"
            case .text: "text"
            case .octets: "bytea"
            }
        return "\(column.title) \(type)\(column.isOptional ? "" : " NOT NULL")"
    }

    private func columnsInPostgres() throws -> [String: Set<String>] {
        let row = try self.connection.prepare(
            """
            SELECT CAST(c.relname AS text), CAST(a.attname AS text), CAST(t.typname AS text), a.attnotnull
            FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
                AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = current_schema())
            """
        )
        let names = ["int8": "bigint"]
        var columns: [String: Set<String>] = [:]
        while try row.step() {
            let type = names[row.text(2)] ?? row.text(2)
            let text = "\(row.text(1)) \(type)\(row.integer(3) != 0 ? " NOT NULL" : "")"
            columns[row.text(0), default: []].insert(text)
        }
        return columns
    }

    /// Indexes that are not valid: one whose making was broken off is kept up to date, and never used.
    private func indexesInPostgres() throws -> [String] {
        let row = try self.connection.prepare(
            """
            SELECT CAST(c.relname AS text), i.indisvalid, i.indisready FROM pg_catalog.pg_index i
                JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = current_schema())
            """
        )
        var found: Set<String> = []
        var findings: [String] = []
        while try row.step() {
            found.insert(row.text(0))
            if row.integer(1) == 0 || row.integer(2) == 0 { findings.append("index \(row.text(0)) is not valid") }
        }
        let missing = PostgresIndexes.names.subtracting(found).sorted()
        return findings + missing.map { "index \($0) is missing" }
    }
}
