internal import EnrollmentTestKit
internal import Logging
internal import Testing

@testable internal import Ledger

/// Databases for tests of copies and checks, on the server that all suites share.
enum StoreOnPostgres {
    static func settings(_ database: PostgresDatabase) -> PostgresLedgerSettings {
        var settings = PostgresLedgerSettings(address: database.connectionString, password: database.password)
        settings.connections = 2
        // Fixtures make up the time.
        settings.time = .caller
        settings.connectTimeout = .seconds(30)
        settings.wait = .seconds(30)
        return settings
    }

    static func open(_ database: PostgresDatabase, access: LedgerAccess = .readWrite) async throws -> PostgresLedger {
        try await PostgresLedger.open(self.settings(database), access: access, logger: Logger(label: "test"))
    }

    /// Lends an empty database.
    static func withDatabase(_ body: (PostgresDatabase) async throws -> Void) async throws {
        try await PostgresServer.shared().withDatabase(body)
    }

    /// Made once: a store with a row of every kind.
    private static let filled = Task { () async throws -> PostgresDatabase in
        let database = try await PostgresServer.shared().makeDatabase()
        let ledger = try await Self.open(database, access: .founding)
        try await SoundStore(ledger: ledger).fill()
        await ledger.close()
        return database
    }

    /// Lends a store with a row of every kind.
    static func withStore(_ body: (PostgresDatabase) async throws -> Void) async throws {
        try await PostgresServer.shared().withDatabase(template: try await self.filled.value, body)
    }

    static func check(_ database: PostgresDatabase, full: Bool = true) async throws -> StoreCheckReport {
        let ledger = try await self.open(database, access: .readOnly)
        do {
            let report = try await ledger.check(full: full, naming: 2, digest: SoundStore.digest)
            await ledger.close()
            return report
        } catch {
            await ledger.close()
            throw error
        }
    }

    static func expectSound(_ database: PostgresDatabase) async throws {
        let report = try await self.check(database)
        #expect(report.outcomes.filter { $0.status == .broken }.map { "\($0.name) \($0.examples)" } == [])
    }
}
