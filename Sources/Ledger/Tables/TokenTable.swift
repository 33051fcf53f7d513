internal import EnrollmentCore
internal import SQLText

/// Tokens of the admin interface; a handful.
struct TokenTable {
    let connection: LedgerConnection

    private static let columns: SQL = """
        SELECT ordinal, id, digest, name, owner, scopes, created, expires, last_used, revoked FROM api_token
        """
    private static let one = Self.columns + "WHERE id = ?1"
    private static let page = Self.columns + "WHERE ordinal < ?1 ORDER BY ordinal DESC LIMIT ?2"
    private static let valid = Self.columns + "WHERE revoked IS NULL AND expires > ?1 ORDER BY ordinal"

    func insert(_ token: APIToken) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO api_token (id, digest, name, owner, scopes, created, expires, last_used, revoked)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """
        )
        try statement.bind(token.id, at: 1)
        try statement.bind(token.digest, at: 2)
        try statement.bind(token.name, at: 3)
        try statement.bind(token.owner, at: 4)
        try statement.bind(TextList.encode(token.scopes.map(\.rawValue).sorted()) ?? [], at: 5)
        try statement.bind(token.created.microseconds, at: 6)
        try statement.bind(token.expires.microseconds, at: 7)
        try statement.bind(token.lastUsed?.microseconds, at: 8)
        try statement.bind(token.revoked?.microseconds, at: 9)
        try statement.run()
    }

    func find(_ id: String) throws -> APIToken? {
        let row = try self.connection.prepare(Self.one)
        try row.bind(id, at: 1)
        return try row.step() ? try Self.token(row) : nil
    }

    func list(after key: String?, limit: Int) throws -> Page<APIToken> {
        let paging = try Paging(after: key, limit: limit)
        let row = try self.connection.prepare(Self.page)
        try paging.bind(to: row)
        return try paging.page(row, Self.token)
    }

    func valid(at now: Timestamp) throws -> [APIToken] {
        let row = try self.connection.prepare(Self.valid)
        try row.bind(now.microseconds, at: 1)
        var tokens: [APIToken] = []
        while try row.step() { tokens.append(try Self.token(row)) }
        return tokens
    }

    func valid(named name: String, at now: Timestamp) throws -> APIToken? {
        try self.valid(at: now).first { $0.name == name }
    }

    func revoke(_ id: String, at now: Timestamp) throws {
        let statement = try self.connection.prepare("UPDATE api_token SET revoked = ?2 WHERE id = ?1")
        try statement.bind(id, at: 1)
        try statement.bind(now.microseconds, at: 2)
        try statement.run()
    }

    /// Moves forward when the token was last used, never back.
    func touch(_ id: String, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            "UPDATE api_token SET last_used = ?2 WHERE id = ?1 AND (last_used IS NULL OR last_used < ?2)"
        )
        try statement.bind(id, at: 1)
        try statement.bind(now.microseconds, at: 2)
        try statement.run()
    }

    private static func token(_ row: borrowing LedgerStatement) throws -> APIToken {
        // A scope that a later version knows lets nobody in here, and must not lock everybody else out.
        let scopes = try TextList.decode(row.octets(5)).compactMap { APIScope(rawValue: $0) }
        return APIToken(
            id: row.text(1),
            digest: row.octets(2),
            name: row.text(3),
            owner: row.text(4),
            scopes: Set(scopes),
            created: Timestamp(microseconds: row.integer(6)),
            expires: Timestamp(microseconds: row.integer(7)),
            lastUsed: row.optionalInteger(8).map { Timestamp(microseconds: $0) },
            revoked: row.optionalInteger(9).map { Timestamp(microseconds: $0) }
        )
    }
}
