/// The indexes that a PostgreSQL store has to have, as its migrations name them.
enum PostgresIndexes {
    static let names: Set<String> = []
}
