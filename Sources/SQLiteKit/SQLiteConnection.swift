internal import CSQLite
internal import Glibc
public import SQLText

/// One connection to one database file, confined to whoever made it.
///
/// Deliberately not `Sendable`: the library's own locking is switched off, so an actor or a serial queue has to own it.
/// Statements are prepared once and kept; their number is bounded by the literals in the source.
public final class SQLiteConnection {
    /// What the connection may do with the file.
    public enum Access: Sendable {
        /// Makes the file when it is missing, readable by its owner alone (mode 0600).
        case create
        case readWrite
        /// Makes the log and its index beside the file when they are missing.
        case readOnly
        /// Trusts that nobody changes the file meanwhile: no locks, and nothing is made beside it.
        case unchanging
    }

    let database: OpaquePointer
    private var prepared: [UInt: (sql: SQL, pointer: OpaquePointer)] = [:]
    private(set) var faults: SQLiteFaultPlan?

    /// Opens the file and makes the connection defensive: no double-quoted texts, an untrusted schema, foreign keys on.
    ///
    /// - Parameters:
    ///   - path: The database file. The folder has to exist.
    ///   - access: What the connection may do.
    ///   - busyTimeout: Milliseconds to wait for another connection's lock before ``SQLiteError/Kind/busy``.
    /// - Throws: ``SQLiteError`` when the file cannot be opened or made. A file that is no database is found out by the
    ///   first statement.
    public init(path: String, access: Access, busyTimeout: Int = 5_000) throws(SQLiteError) {
        if access == .create { try Self.makeFile(at: path) }
        var pointer: OpaquePointer?
        let mode =
            switch access {
            case .create, .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            case .unchanging: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        let flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE
        let name = access == .unchanging ? Self.immutableName(of: path) : path
        let status = sqlite3_open_v2(name, &pointer, flags, nil)
        guard status == SQLITE_OK, let pointer else {
            let message = String(cString: sqlite3_errstr(status))
            sqlite3_close_v2(pointer)
            throw SQLiteError(status, during: "sqlite3_open_v2", message: message)
        }
        self.database = pointer
        try self.check(csqlite_harden(pointer), "sqlite3_db_config")
        try self.check(sqlite3_busy_timeout(pointer, Int32(clamping: busyTimeout)), "sqlite3_busy_timeout")
    }

    deinit {
        for (_, pointer) in self.prepared.values { sqlite3_finalize(pointer) }
        sqlite3_close_v2(self.database)
    }

    /// The path as a URI, every octet spelled out that could mean something else in one.
    private static func immutableName(of path: String) -> String {
        let digits = Array("0123456789abcdef")
        let plain = path.utf8.map { octet -> String in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"):
                String(UnicodeScalar(octet))
            default:
                "%\(digits[Int(octet >> 4)])\(digits[Int(octet & 15)])"
            }
        }
        return "file:" + plain.joined() + "?immutable=1"
    }

    /// SQLite itself would make the file with mode 0644; its log and index files copy the mode of the database.
    private static func makeFile(at path: String) throws(SQLiteError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw SQLiteError(SQLITE_CANTOPEN, during: "open", message: String(cString: strerror(errno)))
        }
    }

    /// Lends the prepared form of `sql`, preparing it at its first use.
    ///
    /// - Throws: ``SQLiteError`` when the text does not fit the schema.
    public func prepare(_ sql: SQL) throws(SQLiteError) -> SQLiteStatement {
        if let (_, pointer) = self.prepared.removeValue(forKey: sql.address) {
            return SQLiteStatement(adopting: pointer, for: sql, on: self)
        }
        var pointer: OpaquePointer?
        let status = sql.withCharacters { text in
            sqlite3_prepare_v3(
                self.database,
                text.baseAddress,
                Int32(clamping: text.count),
                UInt32(SQLITE_PREPARE_PERSISTENT),
                &pointer,
                nil
            )
        }
        try self.check(status, "sqlite3_prepare_v3")
        guard let pointer else {
            throw SQLiteError(SQLITE_MISUSE, during: "sqlite3_prepare_v3", message: "the text holds no statement")
        }
        return SQLiteStatement(adopting: pointer, for: sql, on: self)
    }

    func giveBack(_ pointer: OpaquePointer, for sql: SQL) {
        // A statement used inside its own loop was prepared twice; one copy is enough.
        if let (_, surplus) = self.prepared.updateValue((sql, pointer), forKey: sql.address) {
            sqlite3_finalize(surplus)
        }
    }

    /// Runs every statement of a script that takes no parameters.
    ///
    /// - Throws: ``SQLiteError`` of the first statement that did not succeed; later ones were not run.
    public func execute(_ script: SQL) throws(SQLiteError) {
        try self.execute(script.text)
    }

    func execute(_ script: String) throws(SQLiteError) {
        try self.check(sqlite3_exec(self.database, script, nil, nil, nil), "sqlite3_exec")
    }

    /// The first column of the first row, or `nil` when there is no row or the column is NULL.
    public func integer(_ sql: SQL) throws(SQLiteError) -> Int64? {
        let statement = try self.prepare(sql)
        guard try statement.step() else { return nil }
        return statement.optionalInteger(0)
    }

    /// Rows that the statement just run inserted, updated or deleted.
    public var changes: Int { Int(sqlite3_changes(self.database)) }

    /// Row number of the latest insert on this connection.
    public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(self.database) }

    /// Whether a transaction is open.
    ///
    /// A full disk, an I/O error or an interrupt ends a transaction without being asked: after an error, look again.
    public var isInTransaction: Bool { sqlite3_get_autocommit(self.database) == 0 }

    /// The statements prepared so far.
    public var knownStatements: [SQL] { self.prepared.values.map(\.sql) }

    func check(_ status: Int32, _ operation: String) throws(SQLiteError) {
        switch status {
        case SQLITE_OK, SQLITE_ROW, SQLITE_DONE: return
        default:
            let message = String(cString: sqlite3_errmsg(self.database))
            throw SQLiteError(status, during: operation, message: message)
        }
    }

    /// Lets `plan` break this connection's work on purpose, see ``SQLiteFaultPlan``.
    public func install(_ plan: SQLiteFaultPlan) {
        self.faults = plan
        let context = Unmanaged.passUnretained(plan).toOpaque()
        sqlite3_progress_handler(
            self.database,
            1,
            { context in SQLiteFaultPlan.behind(context)?.interruptsNow() == true ? 1 : 0 },
            context
        )
        sqlite3_commit_hook(
            self.database,
            { context in SQLiteFaultPlan.behind(context)?.refusesCommit() == true ? 1 : 0 },
            context
        )
    }
}
