/// A value bound to a placeholder.
public enum PostgresValue: Hashable, Sendable {
    /// NULL, of a type all the same: the server settles the types of a statement once.
    case null(PostgresType)
    case integer(Int64)
    /// Text without U+0000, which PostgreSQL cannot store.
    case text(String)
    case octets([UInt8])

    /// What the placeholder is declared as.
    public var type: PostgresType {
        switch self {
        case .null(let type): type
        case .integer: .integer
        case .text: .text
        case .octets: .octets
        }
    }
}
