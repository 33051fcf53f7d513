internal import Foundation

/// One database of a ``PostgresServer``.
public struct PostgresDatabase: Sendable {
    public let server: PostgresServer
    public let name: String

    /// A database that is there already, such as a standby's copy of one.
    public init(server: PostgresServer, name: String) {
        self.server = server
        self.name = name
    }

    /// How a client of libpq reaches it over TCP; without the password.
    public var connectionString: String { self.connectionString(port: self.server.port) }

    /// The server's superuser's password.
    public var password: String { self.server.password }

    /// How a client reaches it through something else that listens on loopback.
    ///
    /// - Parameter port: Where that listens, a ``TCPProxy`` for example.
    /// - Returns: A connection string of libpq's, without the password.
    public func connectionString(port: UInt16) -> String {
        "host=127.0.0.1 port=\(port) user=\(self.server.user) dbname=\(self.name)"
    }

    /// How a client reaches it through the server's Unix socket.
    public var localConnectionString: String {
        "host=\(self.server.folder.path) port=\(self.server.port) user=\(self.server.user) dbname=\(self.name)"
    }

    /// Runs statements through `psql`, each for itself.
    ///
    /// Somebody else's program keeps a test from agreeing with our own mistakes.
    ///
    /// - Parameters:
    ///   - statements: SQL, 64 KiB at most.
    ///   - seconds: How long they may take.
    /// - Returns: The rows, one per line, columns parted by `|`.
    /// - Throws: ``PostgresServer/NotStarted`` with the words of `psql`.
    @discardableResult
    public func psql(_ statements: String, seconds: Int = 60) async throws -> String {
        // In a file of its own: the list of processes shows arguments to everybody.
        let passwords = self.server.folder.appending(path: "passwords-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: passwords) }  // At the latest it goes with the folder.
        let isMade = FileManager.default.createFile(
            atPath: passwords.path,
            contents: Data("*:*:*:*:\(self.password)\n".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw PostgresServer.NotStarted(description: "no file for the password") }
        let address = self.connectionString + " connect_timeout=20 passfile=\(passwords.path)"
        let arguments = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", address]
        let outcome = try await ExternalCommand.run("psql", arguments, input: statements, seconds: seconds)
        guard outcome.status == 0 else { throw PostgresServer.NotStarted(description: outcome.output) }
        return outcome.output.trimmingCharacters(in: .newlines)
    }
}

extension PostgresServer {
    /// The database that is there from the beginning; for administration.
    public var administration: PostgresDatabase { PostgresDatabase(server: self, name: "postgres") }

    /// Lends a fresh database, and drops it afterwards with whoever is still connected.
    ///
    /// - Parameters:
    ///   - template: A database to start from, which nobody is connected to.
    ///   - body: What to do with it.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` threw; ``NotStarted`` when the database cannot be made.
    public func withDatabase<Value>(
        template: PostgresDatabase? = nil,
        _ body: (PostgresDatabase) async throws -> Value
    ) async throws -> Value {
        let database = try await self.makeDatabase(template: template)
        do {
            let value = try await body(database)
            try await self.drop(database)
            return value
        } catch {
            // The server may be what the test has just ended.
            try? await self.drop(database)
            throw error
        }
    }

    /// Makes a fresh database that stays until ``drop(_:)`` or the end of the server.
    ///
    /// - Parameter template: A database to start from, which nobody is connected to.
    /// - Returns: The database.
    /// - Throws: ``NotStarted``.
    public func makeDatabase(template: PostgresDatabase? = nil) async throws -> PostgresDatabase {
        let name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        try await self.administration.psql("CREATE DATABASE \(name) TEMPLATE \(template?.name ?? "template1")")
        return PostgresDatabase(server: self, name: name)
    }

    /// Drops a database with whoever is still connected.
    ///
    /// - Throws: ``NotStarted``, when the server is stopped for example.
    public func drop(_ database: PostgresDatabase) async throws {
        guard self.processIdentifier != nil else { return }
        try await self.administration.psql("DROP DATABASE IF EXISTS \(database.name) WITH (FORCE)")
    }
}
