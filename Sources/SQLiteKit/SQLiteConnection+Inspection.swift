internal import CSQLite
public import SQLText

extension SQLiteConnection {
    /// How thoroughly to read the file.
    public enum Scrutiny: Sendable {
        /// Structure of every page, without comparing indexes with their tables.
        case quick
        /// Also that each index holds exactly its table's rows.
        case full
    }

    /// Reads the whole file and says what is wrong with it.
    ///
    /// - Parameter scrutiny: How thoroughly to read.
    /// - Returns: At most ten findings in SQLite's words; empty when the file is sound.
    /// - Throws: ``SQLiteError`` when the damage prevents even looking.
    public func findings(_ scrutiny: Scrutiny) throws(SQLiteError) -> [String] {
        let sql: SQL = scrutiny == .quick ? "PRAGMA quick_check(10)" : "PRAGMA integrity_check(10)"
        let statement = try self.prepare(sql)
        var findings: [String] = []
        while try statement.step() { findings.append(statement.text(0)) }
        return findings == ["ok"] ? [] : findings
    }

    /// How the planner would run `sql`, one line per step, as `EXPLAIN QUERY PLAN` words it.
    public func queryPlan(of sql: SQL) throws(SQLiteError) -> [String] {
        var pointer: OpaquePointer?
        let text = "EXPLAIN QUERY PLAN " + sql.text
        try self.check(sqlite3_prepare_v3(self.database, text, -1, 0, &pointer, nil), "sqlite3_prepare_v3")
        defer { sqlite3_finalize(pointer) }
        var plan: [String] = []
        while true {
            let status = sqlite3_step(pointer)
            try self.check(status, "sqlite3_step")
            guard status == SQLITE_ROW else { return plan }
            plan.append(sqlite3_column_text(pointer, 3).map { String(cString: $0) } ?? "")
        }
    }

    /// Limits the page cache of this connection.
    public func limitCache(toKibibytes size: Int) throws(SQLiteError) {
        try self.execute("PRAGMA cache_size = -\(size)")
    }

    /// Limits the database to so many pages; growth beyond is ``SQLiteError/Kind/diskFull``.
    ///
    /// A limit below the present size means the present size.
    public func limitSize(toPages pages: Int) throws(SQLiteError) {
        try self.execute("PRAGMA max_page_count = \(pages)")
    }
}
