internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText

extension PostgresDatabase {
    /// How to reach it, through something else on loopback when a port is given.
    func settings(port: UInt16? = nil, _ more: String = "") -> PostgresSettings {
        let address = self.connectionString(port: port ?? self.server.port)
        var settings = PostgresSettings(connectionString: address + " " + more, password: self.password)
        // The machine may be busy with other tests.
        settings.connectTimeout = .seconds(20)
        return settings
    }

    /// Runs `body` with a connection, on a thread that it may block.
    func connected<Value: Sendable>(
        port: UInt16? = nil,
        _ body: @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let settings = self.settings(port: port)
        return try await BlockingDesk.run {
            let connection = try PostgresConnection.open(settings)
            defer { connection.close() }
            return try body(connection)
        }
    }
}

extension PostgresConnection {
    /// Sends a statement and waits for its rows.
    func ask(_ sql: SQL, _ parameters: PostgresValue...) throws(PostgresError) -> PostgresRows {
        try self.rows(for: self.send(PostgresStatement(sql), parameters))
    }

    /// The first column of the first row.
    func number(_ sql: SQL, _ parameters: PostgresValue...) throws(PostgresError) -> Int64 {
        try self.rows(for: self.send(PostgresStatement(sql), parameters)).integer(0, 0)
    }

    func word(_ sql: SQL) throws(PostgresError) -> String {
        try self.rows(for: self.send(PostgresStatement(sql))).text(0, 0)
    }
}

/// The error that `body` throws, or `nil`.
func problem(of body: () throws -> Void) -> PostgresError? {
    do {
        try body()
        return nil
    } catch {
        return error as? PostgresError
    }
}

/// The kind of error that `body` throws, or `nil`.
func kind(of body: () throws -> Void) -> PostgresError.Kind? {
    problem(of: body)?.kind
}
