internal import PostgresKit

extension PostgresSession {
    /// What the ledger relies on, whatever the server's own settings are.
    ///
    /// A commit that was reported is durable: what is less than `on` is raised, and `remote_apply` is more. The planner goes by the indexes at once, not only when it has noticed that
    /// a table has grown: every statement here looks for few rows, and whoever reads a table through may say otherwise.
    private static let habits = """
        SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
        SET enable_seqscan = off;
        SET enable_hashjoin = off;
        SET enable_mergejoin = off;
        SET random_page_cost = 1.1;
        SET jit = off
        """

    /// Connects for the ledger's use.
    static func open(_ settings: PostgresLedgerSettings) throws(PostgresError) -> PostgresSession {
        try Self.make(try PostgresConnection.open(settings.kit), settings)
    }

    /// Puts a fresh connection into the state in which the ledger uses it.
    static func make(
        _ connection: PostgresConnection,
        _ settings: PostgresLedgerSettings
    ) throws(PostgresError) -> PostgresSession {
        try connection.executeScript(Self.habits)
        return PostgresSession(connection, time: settings.time)
    }
}
