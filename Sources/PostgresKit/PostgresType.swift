/// The types of values that go to and come from the database; every other is a mistake in a statement.
public enum PostgresType: Hashable, Sendable, CaseIterable {
    /// `bigint`.
    case integer
    /// `text`.
    case text
    /// `bytea`.
    case octets
}
