internal import EnrollmentCore
internal import SQLText

/// Where events are sent to, how far each has been told, and how it does.
struct DestinationTable {
    let connection: LedgerConnection

    /// The lease of whoever sends to a destination.
    static func lease(of name: String) -> String { "handoff/" + name }

    private static let columns: SQL = """
        SELECT name, state, cursor, failing_since, paused_until, last_error, last_delivered FROM destination
        """
    private static let one = Self.columns + "WHERE name = ?1"
    private static let all = Self.columns + "ORDER BY name"

    func find(_ name: String) throws -> DestinationStanding? {
        let row = try self.connection.prepare(Self.one)
        try row.bind(name, at: 1)
        return try row.step() ? try Self.standing(row) : nil
    }

    func list() throws -> [DestinationStanding] {
        let row = try self.connection.prepare(Self.all)
        var standings: [DestinationStanding] = []
        while try row.step() { standings.append(try Self.standing(row)) }
        return standings
    }

    private static func standing(_ row: borrowing LedgerStatement) throws -> DestinationStanding {
        guard let state = DestinationStanding.State(rawValue: row.text(1)) else {
            throw EnrollmentError.unreadable("a destination")
        }
        return DestinationStanding(
            name: row.text(0),
            state: state,
            cursor: row.integer(2),
            failingSince: row.optionalInteger(3).map { Timestamp(microseconds: $0) },
            pausedUntil: row.optionalInteger(4).map { Timestamp(microseconds: $0) },
            lastError: row.optionalText(5),
            lastDelivered: row.optionalInteger(6).map { Timestamp(microseconds: $0) }
        )
    }

    /// Makes the row of a destination that has none; it starts before the first event that is kept.
    func announce(_ name: String) throws {
        let outbox = OutboxTable(connection: self.connection)
        let first = try outbox.firstPosition() ?? outbox.lastPosition() + 1
        let statement = try self.connection.prepare(
            "INSERT INTO destination (name, state, cursor) VALUES (?1, 'active', ?2) ON CONFLICT (name) DO NOTHING"
        )
        try statement.bind(name, at: 1)
        try statement.bind(first - 1, at: 2)
        try statement.run()
    }

    /// Moves the cursor forward, never back, and takes over how the destination does; whether it is stopped only
    /// where the sender changed that.
    func advance(_ name: String, to cursor: Int64, _ change: DeliveryReport.Change) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO destination (name, state, cursor, failing_since, paused_until, last_error, last_delivered)
            VALUES (?1, coalesce(?2, 'active'), ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET state = coalesce(?2, destination.state),
                cursor = CASE WHEN destination.cursor < ?3 THEN ?3 ELSE destination.cursor END, failing_since = ?4,
                paused_until = ?5, last_error = ?6, last_delivered = coalesce(?7, destination.last_delivered)
            """
        )
        try statement.bind(name, at: 1)
        try statement.bind(change.state?.rawValue, at: 2)
        try statement.bind(cursor, at: 3)
        try statement.bind(change.failingSince?.microseconds, at: 4)
        try statement.bind(change.pausedUntil?.microseconds, at: 5)
        try statement.bind(change.lastError, at: 6)
        try statement.bind(change.lastDelivered?.microseconds, at: 7)
        try statement.run()
    }

    /// - Returns: `false` when it was not stopped.
    func resume(_ name: String) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            UPDATE destination SET state = 'active', failing_since = NULL, paused_until = NULL, last_error = NULL
            WHERE name = ?1 AND state = 'stopped'
            """
        )
        try statement.bind(name, at: 1)
        return try statement.runCounting() == 1
    }
}
