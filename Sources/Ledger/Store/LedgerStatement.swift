internal import PostgresKit
internal import SQLiteKit

/// A statement of the ledger on loan from its connection.
///
/// Parameters count from 1, columns from 0.
struct LedgerStatement: ~Copyable {
    private enum Form: ~Copyable {
        case sqlite(SQLiteStatement)
        case postgres(PostgresCursor)
    }

    private let form: Form

    init(_ statement: consuming SQLiteStatement) {
        self.form = .sqlite(statement)
    }

    init(_ cursor: PostgresCursor) {
        self.form = .postgres(cursor)
    }

    // MARK: Values in

    borrowing func bind(_ value: Int64, at index: Int32) throws {
        switch self.form {
        case .sqlite(let statement): try statement.bind(value, at: index)
        case .postgres(let cursor): cursor.bind(.integer(value), at: index)
        }
    }

    borrowing func bind(_ value: Int, at index: Int32) throws {
        try self.bind(Int64(value), at: index)
    }

    borrowing func bind(_ value: Bool, at index: Int32) throws {
        try self.bind(value ? 1 : 0 as Int64, at: index)
    }

    borrowing func bind(_ text: String, at index: Int32) throws {
        switch self.form {
        case .sqlite(let statement): try statement.bind(text, at: index)
        case .postgres(let cursor): cursor.bind(.text(text), at: index)
        }
    }

    borrowing func bind(_ octets: [UInt8], at index: Int32) throws {
        switch self.form {
        case .sqlite(let statement): try statement.bind(octets, at: index)
        case .postgres(let cursor): cursor.bind(.octets(octets), at: index)
        }
    }

    /// Binds the value, or NULL when there is none.
    borrowing func bind(_ value: Int64?, at index: Int32) throws {
        guard let value else { return try self.bindNull(.integer, at: index) }
        try self.bind(value, at: index)
    }

    /// Binds the text, or NULL when there is none.
    borrowing func bind(_ text: String?, at index: Int32) throws {
        guard let text else { return try self.bindNull(.text, at: index) }
        try self.bind(text, at: index)
    }

    /// Binds the octets, or NULL when there are none.
    borrowing func bind(_ octets: [UInt8]?, at index: Int32) throws {
        guard let octets else { return try self.bindNull(.octets, at: index) }
        try self.bind(octets, at: index)
    }

    private borrowing func bindNull(_ type: PostgresType, at index: Int32) throws {
        switch self.form {
        case .sqlite(let statement): try statement.bindNull(at: index)
        case .postgres(let cursor): cursor.bind(.null(type), at: index)
        }
    }

    // MARK: Running

    /// Advances to the next row; `false` when there is none.
    borrowing func step() throws -> Bool {
        switch self.form {
        case .sqlite(let statement): try statement.step()
        case .postgres(let cursor): try cursor.step()
        }
    }

    /// Runs a statement whose outcome does not matter as long as it succeeds.
    ///
    /// Where the store is a server it is on its way when this returns; what went wrong is thrown by whatever waits next,
    /// at the latest by the commit.
    borrowing func run() throws {
        switch self.form {
        case .sqlite(let statement): try statement.run()
        case .postgres(let cursor): try cursor.run()
        }
    }

    /// Runs a statement and waits for how many rows it inserted, updated or deleted.
    borrowing func runCounting() throws -> Int {
        switch self.form {
        case .sqlite(let statement): try statement.run()
        case .postgres(let cursor): try cursor.runCounting()
        }
    }

    // MARK: Values out

    borrowing func isNull(_ column: Int32) -> Bool {
        switch self.form {
        case .sqlite(let statement): statement.isNull(column)
        case .postgres(let cursor): cursor.isNull(column)
        }
    }

    borrowing func integer(_ column: Int32) -> Int64 {
        switch self.form {
        case .sqlite(let statement): statement.integer(column)
        case .postgres(let cursor): cursor.integer(column)
        }
    }

    borrowing func boolean(_ column: Int32) -> Bool { self.integer(column) != 0 }

    borrowing func text(_ column: Int32) -> String {
        switch self.form {
        case .sqlite(let statement): statement.text(column)
        case .postgres(let cursor): cursor.text(column)
        }
    }

    borrowing func octets(_ column: Int32) -> [UInt8] {
        switch self.form {
        case .sqlite(let statement): statement.octets(column)
        case .postgres(let cursor): cursor.octets(column)
        }
    }

    /// The column's value, or `nil` for NULL.
    borrowing func optionalInteger(_ column: Int32) -> Int64? {
        self.isNull(column) ? nil : self.integer(column)
    }

    /// The column's text, or `nil` for NULL.
    borrowing func optionalText(_ column: Int32) -> String? {
        self.isNull(column) ? nil : self.text(column)
    }

    /// The column's octets, or `nil` for NULL.
    borrowing func optionalOctets(_ column: Int32) -> [UInt8]? {
        self.isNull(column) ? nil : self.octets(column)
    }
}
