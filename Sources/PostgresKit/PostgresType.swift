/// The types of values that go to and come from the database; every other is a mistake in a statement.
public enum PostgresType: Hashable, Sendable, CaseIterable {
    /// `bigint`.
    case integer
    /// `text`.
    case text
    /// `bytea`.
    case octets

    /// The identifier of the type in every server's catalog.
    var identifier: UInt32 {
        switch self {
        case .integer: 20
        case .text: 25
        case .octets: 17
        }
    }
}
