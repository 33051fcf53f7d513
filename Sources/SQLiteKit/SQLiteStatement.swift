internal import CSQLite
internal import SQLText

/// A prepared statement on loan from its connection.
///
/// Not copyable: at the end of its life it is reset, loses its bindings and goes back to the connection's store of
/// prepared statements, on every path out including a throw half-way through binding. Parameters count from 1,
/// columns from 0, as in SQLite's own manual.
public struct SQLiteStatement: ~Copyable {
    private let pointer: OpaquePointer
    private let sql: SQL
    private let connection: SQLiteConnection

    init(adopting pointer: OpaquePointer, for sql: SQL, on connection: SQLiteConnection) {
        self.pointer = pointer
        self.sql = sql
        self.connection = connection
    }

    deinit {
        // The result repeats the error that step() has thrown already.
        sqlite3_reset(self.pointer)
        sqlite3_clear_bindings(self.pointer)
        self.connection.giveBack(self.pointer, for: self.sql)
    }

    public borrowing func bind(_ value: Int64, at index: Int32) throws(SQLiteError) {
        try self.connection.check(sqlite3_bind_int64(self.pointer, index, value), "sqlite3_bind_int64")
    }

    public borrowing func bind(_ value: Int, at index: Int32) throws(SQLiteError) {
        try self.bind(Int64(value), at: index)
    }

    public borrowing func bind(_ value: Bool, at index: Int32) throws(SQLiteError) {
        try self.bind(value ? 1 : 0 as Int64, at: index)
    }

    public borrowing func bind(_ text: String, at index: Int32) throws(SQLiteError) {
        var text = text
        let status = text.withUTF8 { octets in
            csqlite_bind_text(self.pointer, index, octets.baseAddress, Int32(clamping: octets.count))
        }
        try self.connection.check(status, "sqlite3_bind_text")
    }

    public borrowing func bind(_ octets: [UInt8], at index: Int32) throws(SQLiteError) {
        let status = octets.withUnsafeBufferPointer { octets in
            csqlite_bind_blob(self.pointer, index, octets.baseAddress, Int32(clamping: octets.count))
        }
        try self.connection.check(status, "sqlite3_bind_blob")
    }

    /// Binds the value, or NULL when there is none.
    public borrowing func bind(_ value: Int64?, at index: Int32) throws(SQLiteError) {
        guard let value else { return try self.bindNull(at: index) }
        try self.bind(value, at: index)
    }

    /// Binds the text, or NULL when there is none.
    public borrowing func bind(_ text: String?, at index: Int32) throws(SQLiteError) {
        guard let text else { return try self.bindNull(at: index) }
        try self.bind(text, at: index)
    }

    /// Binds the octets, or NULL when there are none.
    public borrowing func bind(_ octets: [UInt8]?, at index: Int32) throws(SQLiteError) {
        guard let octets else { return try self.bindNull(at: index) }
        try self.bind(octets, at: index)
    }

    public borrowing func bindNull(at index: Int32) throws(SQLiteError) {
        try self.connection.check(sqlite3_bind_null(self.pointer, index), "sqlite3_bind_null")
    }

    /// Advances to the next row; `false` when there is none.
    public borrowing func step() throws(SQLiteError) -> Bool {
        let status = sqlite3_step(self.pointer)
        try self.connection.check(status, "sqlite3_step")
        return status == SQLITE_ROW
    }

    /// Runs a statement whose rows, if any, do not matter.
    ///
    /// - Returns: How many rows an INSERT, UPDATE or DELETE changed.
    @discardableResult
    public borrowing func run() throws(SQLiteError) -> Int {
        while try self.step() {}
        return self.connection.changes
    }

    /// Makes the statement ready to run again; bindings stay.
    public borrowing func rewind() {
        // The result repeats the error that step() has thrown already.
        sqlite3_reset(self.pointer)
    }

    public borrowing func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(self.pointer, column) == SQLITE_NULL
    }

    public borrowing func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(self.pointer, column)
    }

    public borrowing func boolean(_ column: Int32) -> Bool {
        self.integer(column) != 0
    }

    public borrowing func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(self.pointer, column) else { return "" }
        let count = Int(sqlite3_column_bytes(self.pointer, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    public borrowing func octets(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(self.pointer, column) else { return [] }
        let count = Int(sqlite3_column_bytes(self.pointer, column))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The column's value, or `nil` for NULL.
    public borrowing func optionalInteger(_ column: Int32) -> Int64? {
        self.isNull(column) ? nil : self.integer(column)
    }

    /// The column's text, or `nil` for NULL.
    public borrowing func optionalText(_ column: Int32) -> String? {
        self.isNull(column) ? nil : self.text(column)
    }

    /// The column's octets, or `nil` for NULL.
    public borrowing func optionalOctets(_ column: Int32) -> [UInt8]? {
        self.isNull(column) ? nil : self.octets(column)
    }
}
