internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Synchronization
internal import Testing

@Suite("A pool of PostgreSQL connections")
struct PostgresPoolTests {
    /// A pool whose sessions are the connections themselves.
    private func pool(
        _ settings: PostgresSettings,
        size: Int,
        wait: Duration = .seconds(120),
        queue: Int = 1_000
    ) -> PostgresPool<PostgresConnection> {
        PostgresPool(size: size, waitTimeout: wait, longestQueue: queue) { try PostgresConnection.open(settings) }
    }

    private func thrown(_ body: () async throws -> Void) async -> PostgresError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    @Test("A hundred callers share three connections, each alone on one at a time.")
    func sharing() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.psql("CREATE TABLE thing (number bigint); INSERT INTO thing VALUES (0)")
            let pool = self.pool(database.settings(), size: 3)
            let processes = try await withThrowingTaskGroup(of: Int.self, returning: Set<Int>.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await pool.withConnection { connection in
                            try connection.send(PostgresStatement("UPDATE thing SET number = number + 1"))
                            try connection.synchronize()
                            return connection.serverProcess
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.insert($1) }
            }
            #expect((1...3).contains(processes.count))
            #expect(try await database.psql("SELECT number FROM thing") == "100")
            let load = pool.load
            #expect(load.size == 3)
            #expect(load.busy == 0)
            #expect(load.waiting == 0)
            #expect(load.connected == processes.count)
            await pool.close()
        }
    }

    @Test("A session is made once for each connection and kept with it.")
    func sessions() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        let made = Atomic(0)
        let pool = PostgresPool<Int>(size: 1, open: { try PostgresConnection.open(settings) }) { _ in
            made.add(1, ordering: .relaxed)
            return 100
        }
        for count in 1...3 {
            #expect(
                try await pool.withConnection { (session: inout Int) -> Int in
                    session += 1; return session
                } == 100 + count
            )
        }
        #expect(made.load(ordering: .relaxed) == 1)
        await pool.close()
    }

    @Test("When all connections are lent, a caller waits only so long.")
    func exhaustion() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        let pool = self.pool(settings, size: 1, wait: .milliseconds(200))
        let bell = try PostgresBell()
        async let holder: Void = pool.withConnection { connection in
            _ = try connection.notifications(before: .now + .seconds(60), orUntil: bell)
        }
        while pool.load.busy == 0 { try await Task.sleep(for: .milliseconds(1)) }
        for _ in 0..<3 {
            let error = await self.thrown { try await pool.withConnection { _ in } }
            #expect(error?.kind == .poolExhausted)
            #expect(error?.message == "none became free in time")
        }
        bell.ring()
        try await holder
        try await pool.withConnection { _ = try $0.ask("SELECT 1") }
        await pool.close()
    }

    @Test("Only so many callers wait; one more is refused at once.")
    func longestQueue() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        let pool = self.pool(settings, size: 1, wait: .seconds(600), queue: 2)
        let bell = try PostgresBell()
        async let holder: Void = pool.withConnection { connection in
            _ = try connection.notifications(before: .now + .seconds(60), orUntil: bell)
        }
        while pool.load.busy == 0 { try await Task.sleep(for: .milliseconds(1)) }
        async let first = pool.withConnection { try $0.number("SELECT 1") }
        async let second = pool.withConnection { try $0.number("SELECT 2") }
        while pool.load.waiting < 2 { try await Task.sleep(for: .milliseconds(1)) }
        let error = await self.thrown { try await pool.withConnection { _ in } }
        #expect(error?.kind == .poolExhausted)
        #expect(error?.message == "too many wait already")
        bell.ring()
        try await holder
        #expect(try await [first, second] == [1, 2])
        await pool.close()
    }

    @Test("Callers are served in the order in which they came.")
    func fairness() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        let pool = self.pool(settings, size: 1)
        let bell = try PostgresBell()
        let served = Journal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await pool.withConnection { _ = try $0.notifications(before: .now + .seconds(60), orUntil: bell) }
            }
            while pool.load.busy == 0 { try await Task.sleep(for: .milliseconds(1)) }
            for number in 0..<20 {
                group.addTask { try await pool.withConnection { _ in served.note(number) } }
                while pool.load.waiting <= number { try await Task.sleep(for: .milliseconds(1)) }
            }
            bell.ring()
            try await group.waitForAll()
        }
        #expect(served.numbers == Array(0..<20))
        await pool.close()
    }

    @Test("A caller that is cancelled leaves the queue at once.")
    func cancellation() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        let pool = self.pool(settings, size: 1, wait: .seconds(600))
        let bell = try PostgresBell()
        async let holder: Void = pool.withConnection { connection in
            _ = try connection.notifications(before: .now + .seconds(60), orUntil: bell)
        }
        while pool.load.busy == 0 { try await Task.sleep(for: .milliseconds(1)) }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    do {
                        try await pool.withConnection { _ in }
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
            }
            while pool.load.waiting < 10 { await Task.yield() }
            group.cancelAll()
            for await isCancelled in group { #expect(isCancelled) }
        }
        #expect(pool.load.waiting == 0)
        bell.ring()
        try await holder
        await pool.close()
    }

    @Test("What a caller leaves behind is cleaned up: a queue, a transaction, an error.")
    func leftovers() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.psql("CREATE TABLE thing (number bigint)")
            let pool = self.pool(database.settings(), size: 1)
            let bodies: [@Sendable (inout PostgresConnection) throws -> Void] = [
                {
                    try $0.send(PostgresStatement("BEGIN"));
                    try $0.send(PostgresStatement("INSERT INTO thing VALUES (1)"))
                },
                { try $0.executeScript("BEGIN; INSERT INTO thing VALUES (2)") },
                { try $0.send(PostgresStatement("SELECT 1/0")) },
                {
                    try $0.executeScript("BEGIN"); _ = try? $0.ask("SELECT 1/0")
                },
            ]
            var processes: Set<Int> = []
            for body in bodies {
                try await pool.withConnection(body)
                let process = try await pool.withConnection { connection in
                    #expect(connection.transactionStatus == .idle)
                    let count = try connection.number("SELECT count(*) FROM thing")
                    #expect(count == 0)
                    return connection.serverProcess
                }
                processes.insert(process)
            }
            #expect(processes.count == 1)
            await pool.close()
        }
    }

    @Test("Connections that were ended while idle are replaced before anybody gets them.")
    func replaced() async throws {
        try await PostgresServer.shared().withDatabase { database in
            let pool = self.pool(database.settings(), size: 4)
            let work: @Sendable () async throws -> Int = {
                try await pool.withConnection { connection in
                    _ = try connection.ask("SELECT pg_sleep(0.05)::text")
                    return connection.serverProcess
                }
            }
            @Sendable func all() async throws -> Set<Int> {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<4 { group.addTask(operation: work) }
                    return try await group.reduce(into: []) { $0.insert($1) }
                }
            }
            let former = try await all()
            for _ in 0..<3 {
                try await database.server.administration.psql(
                    "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE datname = '\(database.name)'"
                )
                #expect(try await all().isDisjoint(with: former))
            }
            await pool.close()
        }
    }

    @Test("A connection that is lost under a caller is that caller's error alone.")
    func lost() async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        let pool = self.pool(database.settings(port: proxy.port), size: 2)
        let error = await self.thrown {
            try await pool.withConnection { connection in
                proxy.cutAll()
                _ = try connection.ask("SELECT 1")
            }
        }
        #expect(error?.kind == .connectionLost)
        #expect(pool.load.connected == 0)
        for _ in 0..<4 { try await pool.withConnection { _ = try $0.ask("SELECT 1") } }
        await pool.close()
    }

    @Test("While the server is away callers fail with the reason, few of them try, and all is well when it is back.")
    func outage() async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        let tries = Atomic(0)
        let settings = database.settings(port: proxy.port)
        let pool = PostgresPool(size: 8, waitTimeout: .seconds(120)) { () -> PostgresConnection in
            tries.add(1, ordering: .relaxed)
            return try PostgresConnection.open(settings)
        }
        try await pool.withConnection { _ = try $0.ask("SELECT 1") }
        proxy.mode = .refuse
        proxy.cutAll()
        let before = tries.load(ordering: .relaxed)
        let kinds = await withTaskGroup(of: PostgresError.Kind?.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await self.thrown { try await pool.withConnection { _ = try $0.ask("SELECT 1") } }?.kind
                }
            }
            return await group.reduce(into: Set<PostgresError.Kind?>()) { $0.insert($1) }
        }
        #expect(kinds.isSubset(of: [.cannotConnect, .connectionLost]))
        #expect(tries.load(ordering: .relaxed) - before < 20)
        proxy.mode = .forward
        // The pause between two attempts is a second at most; until then callers are told the reason.
        for _ in 0..<2_000 {
            if await self.thrown({ try await pool.withConnection { _ = try $0.ask("SELECT 1") } }) == nil { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { try await pool.withConnection { _ = try $0.ask("SELECT 1") } } }
            try await group.waitForAll()
        }
        await pool.close()
    }

    @Test("An error in making the session is the caller's, and the connection is not kept.")
    func sessionRefused() async throws {
        struct Refusal: Error {}
        let settings = try PostgresServer.shared().administration.settings()
        let pool = PostgresPool<Int>(size: 1, open: { try PostgresConnection.open(settings) }) { _ in throw Refusal() }
        await #expect(throws: Refusal.self) { try await pool.withConnection { _ in } }
        #expect(pool.load.connected == 0)
        await pool.close()
    }

    @Test("A closed pool waits for who is at work, refuses who comes, and leaves no connection.")
    func close() async throws {
        try await PostgresServer.shared().withDatabase { database in
            let pool = self.pool(database.settings(), size: 2)
            async let slow = pool.withConnection { try $0.ask("SELECT pg_sleep(0.2)::text").count }
            while pool.load.busy == 0 { try await Task.sleep(for: .milliseconds(1)) }
            try await pool.withConnection { _ = try $0.ask("SELECT 1") }
            await pool.close()
            #expect(try await slow == 1)
            #expect(await self.thrown { try await pool.withConnection { _ in } }?.kind == .poolClosed)
            #expect(pool.load.connected == 0 || pool.load.busy == 0)
            // The server needs a moment to notice.
            for _ in 0..<500 {
                let count = try await database.server.administration.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database.name)'"
                )
                if count == "0" { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("connections were left")
        }
    }

    @Test("Neither descriptors nor threads are left, whatever became of the connections.")
    func leaks() async throws {
        // Descriptors and threads are the whole process's, so this test has a process of its own, which prints what it saw.
        let result = try #require(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                print(await Self.leftovers())
            }
        )
        #expect(String(decoding: result.standardOutputContent, as: UTF8.self).hasSuffix("nothing is left\n"))
    }

    /// Says what many connections, whatever became of them, have left in this process.
    private static func leftovers() async -> String {
        do {
            let server = try PostgresServer()
            let settings = server.administration.settings()
            let proxy = TCPProxy(to: server.port)
            let cut = server.administration.settings(port: proxy.port)
            var wrong = settings
            wrong.password = "wrong"
            func round() async throws {
                let pool = PostgresPool(size: 6, waitTimeout: .seconds(120)) { try PostgresConnection.open(settings) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<30 { group.addTask { try await pool.withConnection { _ = try $0.ask("SELECT 1") } } }
                    try await group.waitForAll()
                }
                await pool.close()
                let broken = try PostgresConnection.open(cut)
                proxy.cutAll()
                _ = try? broken.ask("SELECT 1")
                _ = try? PostgresConnection.open(wrong)
                _ = try PostgresBell()
            }
            for _ in 0..<2 { try await round() }
            try await Task.sleep(for: .milliseconds(500))
            let (descriptors, threads) = (openDescriptors(), runningThreads())
            for _ in 0..<10 { try await round() }
            // What is closed goes a moment later, a longer one on a busy machine.
            for _ in 0..<600 where openDescriptors() > descriptors || runningThreads() > threads + 12 {
                try await Task.sleep(for: .milliseconds(100))
            }
            guard openDescriptors() > descriptors || runningThreads() > threads + 12 else { return "nothing is left" }
            return "\(descriptors) descriptors became \(openDescriptors()), \(threads) threads \(runningThreads())"
        } catch {
            return "\(error)"
        }
    }
}
