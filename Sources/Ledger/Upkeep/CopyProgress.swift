internal import EnrollmentCore
internal import SQLText

/// How far a copy into this store is: a table of the copier's own, which is there as long as the copy is unfinished.
///
/// Whoever opens a store that has it refuses to work with half a ledger.
struct CopyProgress {
    /// How far one table is.
    struct Mark: Hashable {
        /// The key of the last row that was copied, coded; empty at the beginning.
        var place: [UInt8] = []
        var copied = 0
    }

    private static let source = "the source"

    let connection: LedgerConnection

    // MARK: Whether there is one

    private static let inSQLite: SQL = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'copy_progress'"
    private static let inPostgres: SQL = """
        SELECT 1 FROM pg_catalog.pg_class c WHERE c.relname = 'copy_progress' AND c.relkind = 'r'
            AND pg_catalog.pg_table_is_visible(c.oid)
        """

    func exists() throws -> Bool {
        try self.connection.integer(self.connection.isSQLite ? Self.inSQLite : Self.inPostgres) != nil
    }

    /// Refuses a store into which a copy was begun and not finished.
    ///
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` and rule `ledger.unfinishedCopy`.
    static func refuse(on connection: LedgerConnection) throws {
        guard try CopyProgress(connection: connection).exists() else { return }
        throw EnrollmentError(
            .enrollmentServer,
            "The store holds an unfinished copy; run the same gatehouse store copy again, which goes on where it was.",
            rule: "ledger.unfinishedCopy"
        )
    }

    // MARK: Its rows

    private static let tableInSQLite: SQL = """
        CREATE TABLE copy_progress (
            name TEXT PRIMARY KEY NOT NULL,
            place BLOB NOT NULL,
            copied INTEGER NOT NULL
        ) STRICT
        """
    private static let tableInPostgres: SQL = """
        CREATE TABLE copy_progress (
            name text COLLATE "C" PRIMARY KEY,
            place bytea NOT NULL,
            copied bigint NOT NULL
        )
        """

    /// Begins a copy, inside a transaction.
    ///
    /// - Parameter fingerprint: What tells the source, as it is now, from others.
    /// - Throws: What the store answered.
    func begin(from fingerprint: [UInt8]) throws {
        try self.connection.execute(self.connection.isSQLite ? Self.tableInSQLite : Self.tableInPostgres)
        try self.insert(Self.source, Mark(place: fingerprint))
        for table in StoreTable.all { try self.insert(table.title, Mark()) }
    }

    private func insert(_ name: String, _ mark: Mark) throws {
        let statement = try self.connection.prepare(
            "INSERT INTO copy_progress (name, place, copied) VALUES (?1, ?2, ?3)"
        )
        try statement.bind(name, at: 1)
        try statement.bind(mark.place, at: 2)
        try statement.bind(mark.copied, at: 3)
        try statement.run()
    }

    /// What told the source from others when the copy was begun.
    func fingerprint() throws -> [UInt8]? { try self.mark(Self.source)?.place }

    func mark(of table: StoreTable) throws -> Mark {
        guard let mark = try self.mark(table.title) else { throw EnrollmentError.unreadable("a copy's progress") }
        return mark
    }

    private func mark(_ name: String) throws -> Mark? {
        let row = try self.connection.prepare("SELECT place, copied FROM copy_progress WHERE name = ?1")
        try row.bind(name, at: 1)
        guard try row.step() else { return nil }
        return Mark(place: row.octets(0), copied: Int(row.integer(1)))
    }

    /// Moves the mark, inside the transaction that writes the rows it stands for.
    ///
    /// - Throws: ``EnrollmentError`` with rule `copy.overtaken` when somebody else has moved it.
    func move(_ table: StoreTable, from former: Mark, to next: Mark) throws {
        let statement = try self.connection.prepare(
            "UPDATE copy_progress SET place = ?2, copied = ?3 WHERE name = ?1 AND place = ?4 AND copied = ?5"
        )
        try statement.bind(table.title, at: 1)
        try statement.bind(next.place, at: 2)
        try statement.bind(next.copied, at: 3)
        try statement.bind(former.place, at: 4)
        try statement.bind(former.copied, at: 5)
        guard try statement.runCounting() == 1 else {
            throw EnrollmentError(
                .enrollmentServer,
                "Another copy into the same store is under way; let it finish.",
                rule: "copy.overtaken"
            )
        }
    }

    /// Ends the copy, inside a transaction: the store can be opened from then on.
    func finish() throws {
        try self.connection.execute("DROP TABLE copy_progress")
    }

    /// Takes the copy back, inside a transaction: the store is empty afterwards.
    func discard() throws {
        for table in StoreTable.all.reversed() { try self.connection.execute(table.removal) }
        try self.finish()
    }
}
