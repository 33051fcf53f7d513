internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Logging
internal import Synchronization
internal import Testing

/// Servers of their own, which these tests stop.
@Suite("The PostgreSQL ledger, while its server is in trouble", .serialized, .timeLimit(.minutes(6)))
struct PostgresOutageTests {
    private static let logger = Logger(label: "test")

    private static func withServer(
        settings: [String: String] = [:],
        _ body: (PostgresServer, PostgresDatabase) async throws -> Void
    ) async throws {
        let server = try PostgresServer(settings: settings)
        defer { server.stop(.immediate) }
        let database = try await server.makeDatabase()
        let ledger = try await PostgresLedger.open(
            PostgresFixture.settings(database),
            access: .founding,
            logger: Self.logger
        )
        await ledger.close()
        try await body(server, database)
    }

    @Test("keeps its word through restarts under load", arguments: [PostgresServer.Stop.fast, .immediate])
    func restart(stop: PostgresServer.Stop) async throws {
        try await Self.withServer { (server, database) async throws -> Void in
            var settings = PostgresFixture.settings(database)
            settings.wait = .seconds(2)
            let ledgers = [
                try await PostgresLedger.open(settings, logger: Self.logger),
                try await PostgresLedger.open(settings, logger: Self.logger),
            ]
            let user = LedgerFixture.user()
            let end = Ending()
            let told = try await withThrowingTaskGroup(of: [SerialNumber].self) { group in
                for number in 0..<6 {
                    group.addTask {
                        var told: [SerialNumber] = []
                        while !end.hasCome {
                            let owner = number == 0 ? user : LedgerFixture.user()
                            let reservation = LedgerFixture.reservation(of: owner, limit: 5)
                            do {
                                let certificate = try await ledgers[number % 2].enroll(reservation)
                                if let certificate { told.append(certificate.serialNumber) }
                            } catch let error as EnrollmentError {
                                // A confirmation may have been overtaken by nobody, so only waiting helps.
                                #expect(error.code == .inMaintenance || error.rule == "ledger.intent", "\(error)")
                                try await Task.sleep(for: .milliseconds(20))
                            }
                        }
                        return told
                    }
                }
                for _ in 0..<3 {
                    try await Task.sleep(for: .milliseconds(700))
                    server.stop(stop)
                    try await Task.sleep(for: .milliseconds(300))
                    try server.start()
                }
                try await Task.sleep(for: .milliseconds(1_500))
                end.come()
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(told.count > 20)
            // Nobody was told of a certificate that is not there.
            for serial in told { #expect(try await ledgers[0].certificate(serial)?.state == .issued) }
            #expect(try await ledgers[1].counted(userID: user.id, staleBefore: LedgerFixture.start).count <= 5)
            #expect(try await PostgresContradictions.find(in: database) == [:])
            try await PostgresOpeningTests.wait { ledgers.allSatisfy { $0.standing == .readWrite } }
            for ledger in ledgers { await ledger.close() }
        }
    }

    @Test("keeps what nobody waits for until the server is back")
    func backlog() async throws {
        try await Self.withServer { (server, database) async throws -> Void in
            let ledger = try await PostgresLedger.open(PostgresFixture.settings(database), logger: Self.logger)
            let before = LedgerFixture.attempt()
            ledger.recordEventually(before)
            try await PostgresOpeningTests.wait { try await ledger.attempt(before.traceID) != nil }
            server.stop(.fast)
            let attempts = (0..<150).map { _ in LedgerFixture.attempt() }
            for attempt in attempts { ledger.recordEventually(attempt) }
            try await PostgresOpeningTests.wait { ledger.isPostponing }
            try server.start()
            try await PostgresOpeningTests.wait { !ledger.isPostponing }
            for attempt in attempts { #expect(try await ledger.attempt(attempt.traceID) == attempt) }
            // One that is closed already takes no other along.
            let last = LedgerFixture.attempt()
            ledger.recordEventually(attempts[0])
            ledger.recordEventually(last)
            await ledger.close()
            #expect(try await database.psql("SELECT count(*) FROM attempt") == "152")
        }
    }

    @Test("refuses in bounded time when all connections stay in use, and goes on afterwards")
    func exhaustion() async throws {
        try await PostgresFixture.withDatabase { (database) async throws -> Void in
            let proxy = TCPProxy(to: database.server.port)
            var settings = PostgresFixture.settings(database, port: proxy.port, connections: 2)
            settings.wait = .milliseconds(300)
            settings.statementTimeout = .seconds(5)
            let ledger = try await PostgresLedger.open(settings, logger: Self.logger)
            _ = try await ledger.issuers()
            proxy.mode = .stall
            let started = ContinuousClock.now
            let rules = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<20 {
                    group.addTask { await rule { _ = try await ledger.record(LedgerFixture.attempt()) } }
                }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(rules.count { $0 == "ledger.pool" } >= 18)
            #expect(rules.allSatisfy { $0 != nil })
            #expect(ContinuousClock.now - started < .seconds(60))
            proxy.mode = .forward
            try await PostgresOpeningTests.wait {
                await rule { _ = try await ledger.record(LedgerFixture.attempt()) } == nil
            }
            await ledger.close()
        }
    }

    @Test("reads from a standby, says so, and writes once that is promoted")
    func standby() async throws {
        try await Self.withServer { (server, database) async throws -> Void in
            let settings = PostgresFixture.settings(database)
            let ledger = try await PostgresLedger.open(settings, logger: Self.logger)
            let enrolled = try await ledger.enrolled()
            let standby = try PostgresServer(standbyOf: server)
            defer { standby.stop(.immediate) }
            let copy = PostgresDatabase(server: standby, name: database.name)
            var other = PostgresFixture.settings(copy)
            other.pollInterval = .milliseconds(50)
            let reader = try await PostgresLedger.open(other, logger: Self.logger)
            guard case .readOnly = reader.standing else {
                Issue.record("a standby is no place to write")
                return
            }
            try await PostgresOpeningTests.wait { try await reader.device(enrolled.device) != nil }
            #expect(await rule { _ = try await reader.record(LedgerFixture.attempt()) } == "ledger.readOnly")
            await ledger.close()
            server.stop(.immediate)
            try standby.promote()
            try await PostgresOpeningTests.wait { reader.standing == .readWrite }
            #expect(try await reader.record(LedgerFixture.attempt()))
            await reader.close()
        }
    }

    @Test("hears of what others change within two seconds, and at once where it can")
    func changes() async throws {
        try await PostgresFixture.withLedgers(2, adjust: { $0.pollInterval = .seconds(2) }) {
            (ledgers, database) async throws -> Void in
            let changes = ledgers[1].changes()
            let enrolled = try await ledgers[0].enrolled()
            let heard = Task {
                var heard: Set<StoreChange> = []
                for await change in changes {
                    heard.insert(change)
                    if heard.isSuperset(of: [.revocation, .crl, .anything]) { break }
                }
                return heard
            }
            _ = try await ledgers[0].revoke(LedgerFixture.order([enrolled.serial]))
            try await ledgers[0].makeCRL(
                of: CRLShard(issuerID: LedgerFixture.issuer, number: 3),
                at: LedgerFixture.start
            )
            #expect(await heard.value.isSuperset(of: [.revocation, .crl, .anything]))
            // Its connection gone, it listens again by itself.
            let again = ledgers[1].changes()
            try await database.psql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            )
            let second = try await ledgers[0].enrolled()
            let revoking = Task {
                for await change in again where change == .revocation { return true }
                return false
            }
            try await PostgresOpeningTests.wait { ledgers[1].standing == .readWrite }
            try await Task.sleep(for: .seconds(1))
            _ = try await ledgers[0].revoke(LedgerFixture.order([second.serial]))
            #expect(await revoking.value)
        }
    }
}

/// Tells those who work until the end that it has come.
private final class Ending: Sendable {
    private let flag = Atomic(false)

    var hasCome: Bool { self.flag.load(ordering: .relaxed) }

    func come() { self.flag.store(true, ordering: .relaxed) }
}
