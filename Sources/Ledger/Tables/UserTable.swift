internal import EnrollmentCore
internal import SQLText

/// The users whom the directory has confirmed.
struct UserTable {
    let connection: LedgerConnection

    /// Remembers the user as the directory has just described them; an override stays.
    func remember(_ user: DirectoryUser, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO "user" (id, principal_name, principal_key, display_name, groups, last_seen)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (id) DO UPDATE SET principal_name = ?2, principal_key = ?3, display_name = ?4, groups = ?5,
                last_seen = ?6
            """
        )
        try statement.bind(user.id, at: 1)
        try statement.bind(user.principalName, at: 2)
        try statement.bind(user.principalName.lowercased(), at: 3)
        try statement.bind(user.displayName, at: 4)
        try statement.bind(GroupName.encode(user.groups), at: 5)
        try statement.bind(now.microseconds, at: 6)
        try statement.run()
    }

    /// The limit in force: the personal one while it lasts, else the rule's.
    func limit(of userID: String, otherwise limit: DeviceLimit, at now: Timestamp) throws -> DeviceLimit {
        let statement = try self.connection.prepare(
            "SELECT override_maximum, override_until FROM \"user\" WHERE id = ?1"
        )
        try statement.bind(userID, at: 1)
        guard try statement.step(), let maximum = statement.optionalInteger(0),
            statement.integer(1) > now.microseconds
        else { return limit }
        return DeviceLimit(maximum: Int(maximum), rule: "override", staleBefore: limit.staleBefore)
    }

    /// - Returns: `false` when the ledger does not know the user.
    func setOverride(_ limit: LimitOverride?, of userID: String) throws -> Bool {
        let statement = try self.connection.prepare(
            "UPDATE \"user\" SET override_maximum = ?2, override_until = ?3, override_reason = ?4 WHERE id = ?1"
        )
        try statement.bind(userID, at: 1)
        try statement.bind(limit.map { Int64($0.maximum) }, at: 2)
        try statement.bind(limit?.until.microseconds, at: 3)
        try statement.bind(limit?.reason, at: 4)
        return try statement.runCounting() == 1
    }

    private static let columns: SQL = """
        SELECT id, principal_name, display_name, groups, last_seen, override_maximum, override_until, override_reason
        FROM "user"
        """
    private static let byID = Self.columns + "WHERE id = ?1"
    private static let byPrincipal = Self.columns + "WHERE principal_key = ?1 ORDER BY last_seen DESC LIMIT 1"

    /// By stable id, else by principal name in any case; of several that had the name, the one seen last.
    func find(_ name: String) throws -> UserRecord? {
        try self.first(Self.byID, name) ?? self.first(Self.byPrincipal, name.lowercased())
    }

    private func first(_ sql: SQL, _ key: String) throws -> UserRecord? {
        let row = try self.connection.prepare(sql)
        try row.bind(key, at: 1)
        guard try row.step() else { return nil }
        let limit = row.optionalInteger(5).map {
            LimitOverride(
                maximum: Int($0),
                until: Timestamp(microseconds: row.integer(6)),
                reason: row.text(7)
            )
        }
        return UserRecord(
            id: row.text(0),
            principalName: row.text(1),
            displayName: row.optionalText(2),
            groups: try GroupName.decode(row.octets(3)),
            lastSeen: Timestamp(microseconds: row.integer(4)),
            limitOverride: limit
        )
    }
}
