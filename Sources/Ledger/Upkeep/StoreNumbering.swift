internal import EnrollmentCore
internal import SQLText

/// The numbers that a table's next rows get.
///
/// A copy takes over more than the highest number there is: of some tables somebody remembers numbers whose rows are
/// gone, such as a CRL the last change that it shows, and a number given twice would be taken for one seen already.
struct StoreNumbering {
    let connection: LedgerConnection

    /// The highest number the store has given, whether or not its row is still there; 0 for none.
    func highest(of table: StoreTable) throws -> Int64 {
        let row = try self.connection.prepare(self.connection.isSQLite ? Self.inSQLite : Self.inPostgres)
        try row.bind(table.title, at: 1)
        let given = try row.step() ? row.optionalInteger(0) ?? 0 : 0
        return max(given, try self.highestRow(of: table))
    }

    /// The highest number among the rows; 0 when there is none.
    func highestRow(of table: StoreTable) throws -> Int64 {
        guard case .integer(let number)? = try table.lastKey(on: self.connection).first else { return 0 }
        return number
    }

    /// What the store has given so far by its own account; `nil` when it keeps none.
    func given(in table: StoreTable) throws -> Int64? {
        if self.connection.isSQLite && table.numbering != .forGood { return nil }
        let row = try self.connection.prepare(self.connection.isSQLite ? Self.inSQLite : Self.inPostgres)
        try row.bind(table.title, at: 1)
        return try row.step() ? row.optionalInteger(0) ?? 0 : 0
    }

    /// Lets the next row have the number after this one, inside a transaction.
    func set(_ table: StoreTable, to number: Int64) throws {
        guard self.connection.isSQLite else {
            // A sequence begins at 1, so one that gave nothing yet cannot be set to 0.
            let statement = try self.connection.prepare(Self.settingInPostgres)
            try statement.bind(table.title, at: 1)
            try statement.bind(max(number, 1), at: 2)
            try statement.bind(number, at: 3)
            _ = try statement.step()
            return
        }
        guard table.numbering == .forGood, number > 0 else { return }
        let removal = try self.connection.prepare("DELETE FROM sqlite_sequence WHERE name = ?1")
        try removal.bind(table.title, at: 1)
        try removal.run()
        let statement = try self.connection.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)")
        try statement.bind(table.title, at: 1)
        try statement.bind(number, at: 2)
        try statement.run()
    }

    private static let inSQLite: SQL = "SELECT seq FROM sqlite_sequence WHERE name = ?1"
    private static let inPostgres: SQL = """
        SELECT pg_sequence_last_value(CAST(CAST(pg_get_serial_sequence(quote_ident(?1), 'ordinal') AS regclass) AS oid))
        """
    private static let settingInPostgres: SQL = """
        SELECT setval(CAST(pg_get_serial_sequence(quote_ident(?1), 'ordinal') AS regclass), ?2, ?3 > 0)
        """
}
