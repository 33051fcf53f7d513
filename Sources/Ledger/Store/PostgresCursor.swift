internal import PostgresKit
internal import SQLText

/// One use of a statement on a PostgreSQL session.
final class PostgresCursor {
    private let sql: SQL
    private let session: PostgresSession
    private var parameters: [PostgresValue] = []
    private var rows: PostgresRows?
    private var row = -1

    init(_ sql: SQL, on session: PostgresSession) {
        self.sql = sql
        self.session = session
    }

    /// Keeps a value for the parameter of that number, which counts from 1.
    func bind(_ value: PostgresValue, at index: Int32) {
        let index = Int(index)
        while self.parameters.count < index { self.parameters.append(.null(.integer)) }
        self.parameters[index - 1] = value
    }

    func step() throws -> Bool {
        if self.rows == nil {
            guard let rows = try self.session.ask(self.sql, self.parameters) else { return false }
            self.rows = rows
        }
        self.row += 1
        return self.row < (self.rows?.count ?? 0)
    }

    func run() throws {
        try self.session.tell(self.sql, self.parameters)
    }

    func runCounting() throws -> Int {
        try self.session.ask(self.sql, self.parameters)?.affected ?? 0
    }

    func isNull(_ column: Int32) -> Bool { self.rows?.isNull(self.row, Int(column)) ?? true }

    func integer(_ column: Int32) -> Int64 { self.rows?.integer(self.row, Int(column)) ?? 0 }

    func text(_ column: Int32) -> String { self.rows?.text(self.row, Int(column)) ?? "" }

    func octets(_ column: Int32) -> [UInt8] { self.rows?.octets(self.row, Int(column)) ?? [] }
}
