import DeviceSimulator
import EnrollmentTestKit
import Glibc
import ServiceRuntime
import Synchronization
import Testing

@Suite("Replicas and servers that end under load", .timeLimit(.minutes(25)))
struct ReplicaCrashTests {
    private static let limit = 4

    private static func settings(on server: PostgresServer? = nil) -> Replicas.Settings {
        var settings = Replicas.Settings()
        settings.place.deviceLimit = Self.limit
        settings.server = server
        return settings
    }

    @Test("kill -9 of one replica: the others go on, what a device has is recorded, and no limit is exceeded")
    func replica() async throws {
        try await Replicas.serve(Self.settings()) { replicas in
            var received: Set<String> = []
            for round in 0...1 {
                let victim = replicas[round]
                let reports = try await replicas.load(when: 6) { victim.signal(SIGKILL) }
                #expect(try await victim.end() == -1)
                received.formUnion(reports.serialNumbers)
                reports.expectNoDeviation()
                for (number, replica) in replicas.members.enumerated() where number != round {
                    #expect(replica.isRunning)
                    _ = try await replica.simulation(Person.numbered(20 + 4 * round + number)).enroll()
                }
                try await victim.start()
                _ = try await victim.simulation(Person.numbered(30 + round)).enroll()
            }
            #expect(received.count >= 12)
            let missing = received.subtracting(try await replicas.audit.issued())
            #expect(missing.isEmpty, "devices hold certificates that the store does not: \(missing)")
            try await replicas.audit.expectSound(limit: Self.limit)
        }
    }

    @Test(
        "a restart of PostgreSQL: what a device has is recorded, no limit is exceeded, and replicas recover by themselves",
        arguments: [PostgresServer.Stop.fast, .immediate, .kill]
    )
    func database(_ stop: PostgresServer.Stop) async throws {
        let server = try PostgresServer()
        try await Replicas.serve(Self.settings(on: server)) { replicas in
            let restart = Mutex<Result<Void, any Error>?>(nil)
            let reports = try await replicas.load(when: 6) {
                // On the thread of a device, which waits for it as the others do not.
                server.stop(stop)
                usleep(300_000)
                let result = Result { try server.start() }
                restart.withLock { $0 = result }
            }
            try #require(restart.withLock { $0 }).get()
            reports.expectNoDeviation()
            for failure in reports.flatMap(\.failures).map(\.kind) {
                let isExpected = failure.hasSuffix("refused: InMaintenance") || failure.hasSuffix("DeviceCapReached")
                #expect(isExpected, "\(failure)")
            }
            for (number, replica) in replicas.members.enumerated() {
                #expect(replica.isRunning)
                try await replica.wait("enrolls again") {
                    await (try replica.simulation(Person.numbered(20 + number))).run().enrolled == 1
                }
                try await replica.wait("ready again") { try await replica.readiness().isReady }
            }
            let received = reports.serialNumbers
            #expect(received.count >= 6)
            let missing = received.subtracting(try await replicas.audit.issued())
            #expect(missing.isEmpty, "devices hold certificates that the store does not: \(missing)")
            try await replicas.audit.expectSound(limit: Self.limit)
        }
    }

    @Test("connections that are cut again and again under load cost no certificate, and exceed no limit")
    func cuts() async throws {
        let server = try RunningGatehouse.databases.get()
        let proxy = TCPProxy(to: server.port)
        var settings = Self.settings()
        settings.access = { _, database in PostgresAccess(database, through: proxy) }
        try await Replicas.serve(settings) { replicas in
            let cuts = Mutex(0)
            let isOver = ShutdownSignal()
            async let cutting: Void = {
                while !isOver.isRaised {
                    try await Task.sleep(for: .milliseconds(400))
                    proxy.cutAll()
                    cuts.withLock { $0 += 1 }
                }
            }()
            let reports = try await replicas.load(when: .max) {}
            isOver.raise()
            try await cutting
            #expect(cuts.withLock { $0 } > 2)
            reports.expectNoDeviation()
            #expect(reports.enrolledDevices.count >= 6, "\(reports.map(\.failures))")
            let missing = reports.serialNumbers.subtracting(try await replicas.audit.issued())
            #expect(missing.isEmpty, "devices hold certificates that the store does not: \(missing)")
            for (number, replica) in replicas.members.enumerated() {
                try await replica.wait("enrolls again") {
                    await (try replica.simulation(Person.numbered(20 + number))).run().enrolled == 1
                }
            }
            try await replicas.audit.expectSound(limit: Self.limit)
        }
    }
}

extension Replicas {
    /// Lets many devices of few people enroll at all replicas, and does something once some of them have.
    fileprivate func load(
        when count: Int,
        _ action: @escaping @Sendable () -> Void
    ) async throws -> [SimulationReport] {
        let enrolled = Mutex(0)
        // Few users with many devices each, so that the limit is under pressure meanwhile.
        return try await self.enroll(30, of: (1...12).map { Person.numbered($0) }, concurrency: 4) { event in
            guard case .finished(_, let outcome) = event, case .success = outcome.result else { return }
            let isTime = enrolled.withLock { enrolled in
                enrolled += 1
                return enrolled == count
            }
            if isTime { action() }
        }
    }
}
