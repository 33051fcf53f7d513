internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Logging
internal import Synchronization
internal import Testing

@testable internal import Ledger

@Suite("Opening the PostgreSQL ledger", .timeLimit(.minutes(6)))
struct PostgresOpeningTests {
    private static let logger = Logger(label: "test")

    /// The rule by which opening is refused, after which the address has to be mended.
    private static func refusal(
        _ settings: PostgresLedgerSettings,
        access: LedgerAccess = .readWrite
    ) async -> (rule: String?, code: EnrollmentError.Code?) {
        do throws(EnrollmentError) {
            let ledger = try await PostgresLedger.open(settings, access: access, logger: Self.logger)
            await ledger.close()
            return (nil, nil)
        } catch {
            // Whoever reads it has to learn what to do, and no secret.
            #expect(error.detail.count > 40)
            if let password = settings.password, !password.isEmpty {
                #expect(!String(reflecting: error).contains(password))
            }
            return (error.rule, error.code)
        }
    }

    @Test("says what is wrong with the address, the password, the database and its server")
    func addresses() async throws {
        try await PostgresFixture.withDatabase { (database) async throws -> Void in
            var settings = PostgresFixture.settings(database)
            settings.password = "wrong-\(UUID().uuidString)"
            #expect(await Self.refusal(settings) == ("ledger.password", .enrollmentServer))
            settings = PostgresFixture.settings(database)
            settings.address += " dbname=nowhere"
            #expect(await Self.refusal(settings) == ("ledger.noDatabase", .enrollmentServer))
            settings.address = "postgresql://["
            #expect(await Self.refusal(settings) == ("ledger.address", .enrollmentServer))
            settings = PostgresFixture.settings(database, port: FreePort.find())
            #expect(await Self.refusal(settings) == ("ledger.unreachable", .inMaintenance))
            settings = PostgresFixture.settings(database)
            settings.address += " sslmode=verify-full"
            #expect(await Self.refusal(settings) == ("ledger.tls", .enrollmentServer))
            #expect(!"\(settings)".contains(database.password))
        }
    }

    @Test("makes its tables for a founding alone, and takes nobody else's database")
    func foreign() async throws {
        let server = try PostgresServer.shared()
        try await server.withDatabase { (database) async throws -> Void in
            let settings = PostgresFixture.settings(database)
            #expect(await Self.refusal(settings) == ("ledger.empty", .enrollmentServer))
            #expect(await Self.refusal(settings, access: .readOnly) == ("ledger.empty", .enrollmentServer))
            #expect(try await database.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0")
            #expect(await Self.refusal(settings, access: .founding) == (nil, nil))
            #expect(await Self.refusal(settings) == (nil, nil))
            #expect(await Self.refusal(settings, access: .readOnly) == (nil, nil))
            try await database.psql("CREATE TABLE copy_progress (n int)")
            #expect(await Self.refusal(settings) == ("ledger.unfinishedCopy", .enrollmentServer))
        }
        try await server.withDatabase { (database) async throws -> Void in
            try await database.psql("CREATE TABLE customer (id int)")
            for access in [LedgerAccess.founding, .readWrite, .readOnly] {
                let refusal = await Self.refusal(PostgresFixture.settings(database), access: access)
                #expect(refusal == ("ledger.foreign", .enrollmentServer))
            }
        }
    }

    @Test("refuses a schema that it does not know")
    func versions() async throws {
        try await PostgresFixture.withDatabase { (database) async throws -> Void in
            let settings = PostgresFixture.settings(database)
            try await database.psql("INSERT INTO schema_version VALUES (99, 0)")
            #expect(await Self.refusal(settings) == ("ledger.schemaNewer", .enrollmentServer))
            try await database.psql("DELETE FROM schema_version")
            // The tables of an earlier version are not looked into before they are brought up to date.
            #expect(await Self.refusal(settings, access: .readOnly).rule == "ledger.empty")
        }
    }

    @Test("refuses a database of another encoding")
    func encoding() async throws {
        let server = try PostgresServer.shared()
        let name = "latin_\(UUID().uuidString.lowercased().prefix(8))"
        try await server.administration.psql("CREATE DATABASE \(name) ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
        let database = PostgresDatabase(server: server, name: name)
        let refusal = await Self.refusal(PostgresFixture.settings(database), access: .founding)
        #expect(refusal == ("ledger.encoding", .enrollmentServer))
        try await server.drop(database)
    }

    @Test("says what a user who may not make tables has to be given")
    func privileges() async throws {
        let server = try PostgresServer.shared()
        try await server.withDatabase { (database) async throws -> Void in
            let role = "guest_\(UUID().uuidString.lowercased().prefix(8))"
            try await database.psql(
                """
                CREATE ROLE \(role) LOGIN PASSWORD 'guest-password';
                REVOKE CREATE ON SCHEMA public FROM PUBLIC;
                """
            )
            var settings = PostgresFixture.settings(database)
            settings.address += " user=\(role)"
            settings.password = "guest-password"
            #expect(await Self.refusal(settings, access: .founding) == ("ledger.privilege", .enrollmentServer))
            try await database.psql("DROP ROLE \(role)")
        }
    }

    @Test("makes its tables once when many open an empty database at once")
    func together() async throws {
        try await PostgresServer.shared().withDatabase { (database) async throws -> Void in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let settings = PostgresFixture.settings(database)
                        let ledger = try await PostgresLedger.open(settings, access: .founding, logger: Self.logger)
                        #expect(try await ledger.issuers() == [])
                        await ledger.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await database.psql("SELECT count(*), max(version) FROM schema_version")
                    == "\(PostgresSchema.version)|\(PostgresSchema.version)"
            )
        }
    }

    @Test("refuses a clock that is far off, and records nothing once it drifts")
    func clocks() async throws {
        try await PostgresFixture.withDatabase { (database) async throws -> Void in
            let offset = OffsetClock()
            var settings = PostgresFixture.settings(database)
            settings.pollInterval = .milliseconds(50)
            settings.clock = { offset.now }
            offset.seconds = 120
            #expect(await Self.refusal(settings) == ("ledger.clock", .enrollmentServer))
            offset.seconds = -120
            #expect(await Self.refusal(settings) == ("ledger.clock", .enrollmentServer))
            // Look-ups do not care.
            #expect(await Self.refusal(settings, access: .readOnly) == (nil, nil))
            offset.seconds = 0
            let ledger = try await PostgresLedger.open(settings, logger: Self.logger)
            #expect(ledger.standing == .readWrite)
            offset.seconds = 3_600
            try await Self.wait { ledger.standing != .readWrite }
            #expect(try #require(ledger.figures.clockSkew) > 3_500_000_000)
            #expect(await rule { _ = try await ledger.record(LedgerFixture.attempt()) } == "ledger.readOnly")
            #expect(try await ledger.issuers() == [])
            offset.seconds = 0
            try await Self.wait { ledger.standing == .readWrite }
            #expect(try await ledger.record(LedgerFixture.attempt()))
            await ledger.close()
        }
    }

    @Test("works on while a later version's tables are added")
    func expansion() async throws {
        try await PostgresFixture.withLedgers(2) { (ledgers, database) async throws -> Void in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<2 {
                    group.addTask {
                        for _ in 0..<40 {
                            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
                            #expect(try await ledgers[number].enroll(reservation) != nil)
                            _ = try await ledgers[number].devices(DeviceQuery(limit: 5))
                        }
                    }
                }
                group.addTask {
                    try await database.psql(
                        """
                        BEGIN;
                        ALTER TABLE device ADD COLUMN later text COLLATE "C";
                        ALTER TABLE certificate ADD COLUMN later bigint NOT NULL DEFAULT 7;
                        CREATE TABLE later (id bigint PRIMARY KEY);
                        CREATE INDEX later_index ON attempt (source_address);
                        INSERT INTO schema_version VALUES (\(PostgresSchema.version + 1), 0);
                        COMMIT;
                        """
                    )
                }
                try await group.waitForAll()
            }
            #expect(try await ledgers[0].devices(DeviceQuery(state: .issued, limit: 1_000)).elements.count == 80)
            #expect(try await PostgresContradictions.find(in: database) == [:])
        }
    }

    /// Waits a minute at most.
    static func wait(_ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// This machine's clock, put forward or back.
final class OffsetClock: Sendable {
    private let offset = Atomic<Int64>(0)

    var seconds: Int64 {
        get { self.offset.load(ordering: .relaxed) }
        set { self.offset.store(newValue, ordering: .relaxed) }
    }

    var now: Timestamp {
        let present = Int64(Date().timeIntervalSince1970 * 1_000_000)
        return Timestamp(microseconds: present + self.seconds * 1_000_000)
    }
}
