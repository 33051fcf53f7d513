public import SQLText

/// A statement and the text in which this server is asked it.
///
/// The text is that of the literal unless a dialect had to change it; the literal's address tells statements apart.
public struct PostgresStatement: Hashable, Sendable {
    let sql: SQL
    /// What is sent, with the placeholders `$1`, `$2`, ….
    public let text: String

    /// A statement whose text was translated; keep it, as translating costs more than sending.
    public init(_ sql: SQL, text: String) {
        self.sql = sql
        self.text = text
    }

    /// A statement that is sent as it is written.
    public init(_ sql: SQL) {
        self.init(sql, text: sql.text)
    }

    public static func == (left: Self, right: Self) -> Bool { left.sql.address == right.sql.address }

    public func hash(into hasher: inout Hasher) { hasher.combine(self.sql.address) }
}

/// Names a statement that was sent on one connection, until its rows are taken.
public struct PostgresTicket: Hashable, Sendable {
    let number: Int
}
