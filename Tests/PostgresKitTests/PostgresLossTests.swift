internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Losing the connection to PostgreSQL")
struct PostgresLossTests {
    private static let insert = PostgresStatement("INSERT INTO thing VALUES (1)")
    private static let commit = PostgresStatement("COMMIT")

    /// Where a session may be when it is ended.
    enum Phase: CaseIterable {
        case idle
        case queued
        case inTransaction
        case waitingForRows
        case synchronizing
        case inScript
        case listening
    }

    /// Does what blocks in `phase`, or would.
    private func go(on connection: PostgresConnection, in phase: Phase) throws {
        let sleep = PostgresStatement("SELECT pg_sleep(60)")
        switch phase {
        case .idle, .inTransaction: _ = try connection.ask("SELECT 1")
        case .queued: try connection.synchronize()
        case .waitingForRows: _ = try connection.rows(for: connection.send(sleep))
        case .synchronizing:
            try connection.send(sleep)
            try connection.synchronize()
        case .inScript: try connection.executeScript("SELECT pg_sleep(60)")
        case .listening: _ = try connection.notifications(before: .now + .seconds(60))
        }
    }

    @Test(
        "A session that an administrator ends is told from one that goes on, wherever it was.",
        arguments: Phase.allCases
    )
    func terminated(phase: Phase) async throws {
        let database = try PostgresServer.shared().administration
        let settings = database.settings()
        try await BlockingDesk.run {
            let (connection, other) = (try PostgresConnection.open(settings), try PostgresConnection.open(settings))
            if phase == .inTransaction { try connection.executeScript("BEGIN") }
            if phase == .queued { try connection.send(PostgresStatement("SELECT 1")) }
            let process = PostgresValue.integer(Int64(connection.serverProcess))
            switch phase {
            case .idle, .queued, .inTransaction: break
            default:
                // The other session ends it from the server's side, a moment after it began to wait.
                let statement = PostgresStatement("SELECT pg_sleep(0.3), pg_terminate_backend($1::integer)")
                try other.send(
                    PostgresStatement("SELECT pg_sleep(0.3)::text, pg_terminate_backend($1::integer)"),
                    [process]
                )
                _ = statement
                other.flush()
            }
            if phase == .idle || phase == .queued || phase == .inTransaction {
                #expect(try other.number("SELECT pg_terminate_backend($1::integer, 20000)", process) == 1)
            }
            let error = problem { try self.go(on: connection, in: phase) }
            #expect(error?.kind == .shuttingDown || error?.kind == .connectionLost)
            #expect(error?.endedConnection == true)
            #expect(connection.isBroken)
            #expect(connection.transactionStatus == .unknown)
            // Everything afterwards fails at once, for the same reason.
            for _ in 0..<2 {
                #expect(
                    error == problem { try connection.send(PostgresStatement("SELECT 1")) } || phase == .inScript
                        || phase == .listening
                )
                #expect(kind { try connection.synchronize() } != nil)
                #expect(kind { try connection.ping() } != nil)
                #expect(kind { try connection.executeScript("SELECT 1") } != nil)
                #expect(kind { _ = try connection.notifications(before: .now + .seconds(60)) } != nil)
            }
        }
    }

    @Test("The other side ends without a word: the connection is lost, while idle and while waiting.")
    func cut() async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        try await database.connected(port: proxy.port) { connection in
            _ = try connection.ask("SELECT 1")
            try connection.synchronize()
            #expect(!connection.isStranded)
            proxy.cutAll()
            #expect(kind { _ = try connection.ask("SELECT 1") } == .connectionLost)
        }
        proxy.cut(at: Array("pg_sleep".utf8), .beforeForwarding)
        try await database.connected(port: proxy.port) { connection in
            #expect(kind { _ = try connection.ask("SELECT pg_sleep(60)::text") } == .connectionLost)
        }
    }

    @Test("A connection that ended while nobody looked is recognized without asking the server.")
    func stranded() async throws {
        let database = try PostgresServer.shared().administration
        let settings = database.settings()
        try await BlockingDesk.run {
            let (connection, other) = (try PostgresConnection.open(settings), try PostgresConnection.open(settings))
            #expect(!connection.isStranded)
            _ = try other.number(
                "SELECT pg_terminate_backend($1::integer, 20000)",
                .integer(Int64(connection.serverProcess))
            )
            #expect(connection.isStranded)
            #expect(!connection.isBroken)
            #expect(connection.roundTrips == 0)
        }
    }

    @Test(
        "A COMMIT that never reached the server leaves nothing; one whose answer was lost is done. Both say the same."
    )
    func commit() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.psql("CREATE TABLE thing (number bigint)")
            let proxy = TCPProxy(to: database.server.port)
            for (moment, count) in [(TCPProxy.Moment.beforeForwarding, "0"), (.beforeAnswering, "1")] {
                // Of a statement that is prepared already only its name goes over the wire.
                for isPrepared in [false, true] {
                    try await database.psql("TRUNCATE thing")
                    try await database.connected(port: proxy.port) { connection in
                        if isPrepared {
                            try connection.send(PostgresStatement("BEGIN"))
                            try connection.send(Self.commit)
                            try connection.synchronize()
                        }
                        proxy.cut(at: Array("COMMIT".utf8), moment)
                        try connection.send(PostgresStatement("BEGIN"))
                        try connection.send(Self.insert)
                        try connection.send(Self.commit)
                        let error = problem { try connection.synchronize() }
                        #expect(error?.kind == .connectionLost)
                        #expect(error?.endedConnection == true)
                        #expect(!proxy.isCutPending)
                    }
                    #expect(try await database.psql("SELECT count(*) FROM thing") == count)
                }
            }
        }
    }

    @Test("A server that says nothing any more is given up in time.", arguments: [TCPProxy.Mode.stall, .stallAnswers])
    func stalled(mode: TCPProxy.Mode) async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        try await database.connected(port: proxy.port) { connection in
            _ = try connection.ask("SELECT 1")
            try connection.synchronize()
            connection.patience = .milliseconds(200)
            proxy.mode = mode
            let start = ContinuousClock.now
            let error = problem { _ = try connection.ask("SELECT 1") }
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            #expect(error?.kind == .deadlinePassed)
            #expect(error?.endedConnection == true)
            #expect(connection.isBroken)
        }
        proxy.mode = .forward
        try await database.connected(port: proxy.port) { connection in
            connection.patience = .milliseconds(200)
            proxy.mode = mode
            #expect(kind { try connection.synchronize() } == nil)
            #expect(kind { try connection.executeScript("SELECT 1") } == .deadlinePassed)
            #expect(connection.isBroken)
        }
    }

    @Test("More than the buffers hold to a server that does not read is given up in time too.")
    func stalledWriting() async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        try await database.connected(port: proxy.port) { connection in
            connection.patience = .milliseconds(200)
            proxy.mode = .stall
            let word = [UInt8](repeating: 1, count: 20_000_000)
            #expect(kind { _ = try connection.ask("SELECT $1", .octets(word)) } == .deadlinePassed)
        }
    }

    @Test(
        "A server that is restarted under a statement ends it.",
        arguments: [PostgresServer.Stop.fast, .immediate, .kill]
    )
    func restart(mode: PostgresServer.Stop) async throws {
        let server = try PostgresServer()
        let settings = server.administration.settings()
        try await BlockingDesk.run {
            let connection = try PostgresConnection.open(settings)
            try connection.send(PostgresStatement("SELECT 1"))
            try connection.synchronize()
            try connection.send(PostgresStatement("SELECT pg_sleep(60)"))
            connection.flush()
            server.stop(mode)
            let error = problem { try connection.synchronize() }
            #expect(error?.kind == .shuttingDown || error?.kind == .connectionLost)
            #expect(error?.endedConnection == true)
            try server.start()
            #expect(try PostgresConnection.open(settings).number("SELECT 1") == 1)
        }
    }
}
