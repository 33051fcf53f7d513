/// A call that did not succeed: what was asked, and what libpq or the server answered.
///
/// The message is the primary one alone. It may name a table, a column, a host or a user; it never holds a password,
/// and what the server tells of bound values is cut off.
public struct PostgresError: Error, Hashable, Sendable {
    public let kind: Kind
    /// The server's five characters (PostgreSQL documentation, appendix A), or `nil` when it was not the server's word.
    public let sqlState: String?
    /// What was being done.
    public let operation: String
    /// The text of the statement that the server refused, which may be one sent earlier than the one asked about.
    public let statement: String?
    public let message: String
    /// The constraint that was violated.
    public let constraint: String?
    /// The table that the constraint, or the complaint, is about.
    public let table: String?
    /// Whether the connection ended with this error, so that what was under way may have happened or not.
    ///
    /// Of a COMMIT it says that the outcome has to be looked up. A server that is told to end a session in the middle of
    /// one says so (57P01) after the transaction may have become durable.
    public let endedConnection: Bool

    init(
        _ kind: Kind,
        during operation: String,
        message: String,
        statement: String? = nil,
        sqlState: String? = nil,
        constraint: String? = nil,
        table: String? = nil,
        endedConnection: Bool = false
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.operation = operation
        self.statement = statement
        self.message = message
        self.constraint = constraint
        self.table = table
        self.endedConnection = endedConnection
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        let code = self.sqlState.map { " (\($0))" } ?? ""
        let statement = self.statement.map { "; statement: \($0.prefix(120))" } ?? ""
        return "\(self.operation): \(self.kind)\(code): \(self.message)\(statement)"
    }
}
