internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Logging
internal import Testing

/// Databases with the ledger's tables in them, on the server that all suites share.
enum PostgresFixture {
    /// A database whose schema is made, for others to be copied from: making it anew each time takes longer.
    private static let template = Task { () async throws -> PostgresDatabase in
        let database = try await PostgresServer.shared().makeDatabase()
        let ledger = try await PostgresLedger.open(
            Self.settings(database),
            access: .founding,
            logger: Logger(label: "test")
        )
        await ledger.close()
        return database
    }

    private static let turnstile = PostgresTurnstile(8)

    /// How to reach a database in tests, which make up the time.
    static func settings(
        _ database: PostgresDatabase,
        port: UInt16? = nil,
        connections: Int = 4
    ) -> PostgresLedgerSettings {
        var settings = PostgresLedgerSettings(
            address: database.connectionString(port: port ?? database.server.port),
            password: database.password
        )
        settings.connections = connections
        settings.time = .caller
        // A machine that runs all suites at once is slow at times.
        settings.connectTimeout = .seconds(30)
        settings.wait = .seconds(30)
        return settings
    }

    /// Lends a fresh database with the schema in it.
    static func withDatabase<Value>(_ body: (PostgresDatabase) async throws -> Value) async throws -> Value {
        let template = try await Self.template.value
        await Self.turnstile.enter()
        do {
            let value = try await PostgresServer.shared().withDatabase(template: template, body)
            await Self.turnstile.leave()
            return value
        } catch {
            await Self.turnstile.leave()
            throw error
        }
    }

    /// Lends as many ledgers on one fresh database as are asked for, and closes them.
    static func withLedgers(
        _ count: Int,
        adjust: (inout PostgresLedgerSettings) -> Void = { _ in },
        _ body: ([PostgresLedger], PostgresDatabase) async throws -> Void
    ) async throws {
        try await Self.withDatabase { (database) async throws -> Void in
            var settings = Self.settings(database)
            adjust(&settings)
            var ledgers: [PostgresLedger] = []
            for _ in 0..<count {
                ledgers.append(try await PostgresLedger.open(settings, logger: Logger(label: "test")))
            }
            do {
                try await body(ledgers, database)
            } catch {
                for ledger in ledgers { await ledger.close() }
                throw error
            }
            for ledger in ledgers { await ledger.close() }
        }
    }
}

extension PostgresLedger: LedgerUnderTest {
    func eventIDs() async throws(EnrollmentError) -> [DeviceID] {
        try await self.pendingEvents(limit: 1_000).map(\.id)
    }
}
