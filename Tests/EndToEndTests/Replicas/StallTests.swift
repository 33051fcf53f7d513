import DeviceSimulator
import EnrollmentTestKit
import ServiceRuntime
import Testing

@Suite("A database that does not answer", .timeLimit(.minutes(25)))
struct StallTests {
    private static func settings(_ proxy: TCPProxy) -> Replicas.Settings {
        var settings = Replicas.Settings()
        settings.count = 2
        settings.access = { number, database in
            guard number == 0 else { return PostgresAccess(database) }
            var access = PostgresAccess(database, through: proxy)
            access.connections = 3
            access.more = "statementSeconds: 4,"
            return access
        }
        return settings
    }

    @Test("is a fault that asks to come back, in bounded time, while other replicas go on, and is over when it answers")
    func stalled() async throws {
        let proxy = TCPProxy(to: try RunningGatehouse.databases.get().port)
        try await Replicas.serve(Self.settings(proxy)) { replicas in
            _ = try await replicas[0].simulation("zoe").enroll()
            proxy.mode = .stall
            let report = try await replicas.crowd(at: 0)
            #expect(report.enrolled == 0)
            #expect(report.faults.count == 24, "\(report.failures)")
            #expect(report.faults.allSatisfy { $0.errorType == "InMaintenance" }, "\(report.failures)")
            #expect(try await !replicas[0].readiness().isReady)
            #expect(try await replicas[1].readiness().isReady)
            _ = try await replicas[1].simulation("sam").enroll()

            proxy.mode = .forward
            try await replicas[0].wait("enrolls again") {
                await (try replicas[0].simulation("pat")).run().enrolled == 1
            }
            try await replicas[0].wait("ready again") { try await replicas[0].readiness().isReady }
            #expect(try await replicas.crowd(at: 0).enrolled == 24)
            try await replicas.audit.expectSound()
        }
    }

    @Test("since somebody keeps a table locked, or all connections taken: a fault in bounded time, then it goes on")
    func locked() async throws {
        let proxy = TCPProxy(to: try RunningGatehouse.databases.get().port)
        try await Replicas.serve(Self.settings(proxy)) { replicas in
            _ = try await replicas[0].simulation("zoe").enroll()
            // As a careless tool of an administrator would hold it.
            let lock = """
                BEGIN; LOCK TABLE device IN ACCESS EXCLUSIVE MODE;
                DO $$ BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END $$; ROLLBACK
                """
            async let locking = replicas.database.psql(lock, seconds: 600)
            try await replicas[0].wait("locked") {
                try await replicas.database.psql(
                    "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'device'::regclass"
                ) == "1"
            }
            let report = try await replicas.crowd(at: 0)
            #expect(report.enrolled == 0)
            #expect(report.faults.count == 24, "\(report.failures)")
            #expect(report.faults.allSatisfy { $0.errorType == "InMaintenance" }, "\(report.failures)")
            _ = try await replicas.database.psql(
                """
                SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                WHERE wait_event = 'PgSleep' AND datname = current_database()
                """
            )
            _ = try await locking
            try await replicas[0].wait("enrolls again") {
                await (try replicas[0].simulation("pat")).run().enrolled == 1
            }
            #expect(try await replicas.crowd(at: 0).enrolled == 24)
            try await replicas.audit.expectSound()
        }
    }
}

extension Replicas {
    /// Lets more devices ask one replica at once than it has connections.
    fileprivate func crowd(at number: Int) async throws -> SimulationReport {
        var simulation = try self.members[number].simulation((1...12).map { Person.numbered($0) })
        simulation.devices = 24
        simulation.concurrency = 24
        simulation.probes = false
        simulation.provesPossession = false
        simulation.keyStock = try (0..<24).map { _ in try DeviceKey.generate(.ecdsaP256) }
        simulation.timeout = 60_000
        return await simulation.run()
    }
}
