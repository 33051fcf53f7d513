internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Connecting to PostgreSQL")
struct PostgresConnectingTests {
    /// What comes of an attempt.
    private func outcome(_ settings: PostgresSettings) async -> PostgresError? {
        await BlockingDesk.run { problem { try PostgresConnection.open(settings).close() } }
    }

    private func settings(_ address: String, _ password: String?) -> PostgresSettings {
        var settings = PostgresSettings(connectionString: address, password: password)
        settings.connectTimeout = .seconds(20)
        return settings
    }

    @Test("A connection says where it goes and what the server is.")
    func facts() async throws {
        let server = try PostgresServer.shared()
        try await server.administration.connected { connection in
            #expect(connection.endpoint == "127.0.0.1:\(server.port)")
            #expect(connection.serverVersion >= 140_000)
            #expect(connection.serverProcess > 0)
            #expect(!connection.isEncrypted)
            #expect(connection.parameter("in_hot_standby") == "off")
            #expect(connection.parameter("no such thing") == nil)
            #expect(connection.transactionStatus == .idle)
            #expect(try connection.word("SHOW application_name") == "gatehouse")
            #expect(try connection.word("SHOW client_encoding") == "UTF8")
            try connection.ping()
            #expect(connection.roundTrips == 3)
        }
    }

    @Test("The Unix socket, a URI and the name of the application are as good as keywords.")
    func forms() async throws {
        let database = try PostgresServer.shared().administration
        let uri = "postgresql://gatehouse@127.0.0.1:\(database.server.port)/postgres?application_name=spare%20part"
        let (local, remote) = (
            self.settings(database.localConnectionString, database.password), self.settings(uri, database.password)
        )
        try await BlockingDesk.run {
            let connection = try PostgresConnection.open(local)
            #expect(try connection.number("SELECT (inet_server_addr() IS NULL)") == 1)
            #expect(try PostgresConnection.open(remote).word("SHOW application_name") == "spare part")
        }
    }

    @Test("The limits that we set yield to those in the connection string.")
    func options() async throws {
        let database = try PostgresServer.shared().administration
        let settings = database.settings("options='-c lock_timeout=123 -c search_path=elsewhere'")
        try await BlockingDesk.run {
            let connection = try PostgresConnection.open(settings)
            #expect(try connection.word("SHOW lock_timeout") == "123ms")
            #expect(try connection.word("SHOW statement_timeout") == "27s")
            #expect(try connection.word("SHOW search_path") == "elsewhere")
        }
    }

    @Test("A wrong password, none, or a user that is not there.", arguments: ["wrong", nil, "other user"])
    func refused(password: String?) async throws {
        let database = try PostgresServer.shared().administration
        let address = database.connectionString + (password == "other user" ? " user=nobody-here" : "")
        // No file of the machine's user either.
        let error = await self.outcome(self.settings(address + " passfile=/dev/null", password))
        #expect(error?.kind == .wrongPassword)
        #expect(error?.sqlState == (password == nil ? nil : "28P01"))
        #expect(
            error.map { "\($0)".contains("wrong") } == false || password != "wrong"
                || error?.message.contains("\"wrong\"") == false
        )
    }

    @Test("A password in a file is used.")
    func passwordFile() async throws {
        let database = try PostgresServer.shared().administration
        let file = try TemporaryFile("*:*:*:*:\(database.password)\n")
        #expect(await self.outcome(self.settings(database.connectionString + " passfile=\(file.path)", nil)) == nil)
    }

    @Test("A database that is not there.")
    func noDatabase() async throws {
        let database = try PostgresServer.shared().administration
        let error = await self.outcome(
            self.settings(database.connectionString + " dbname=nothing", database.password)
        )
        #expect(error?.kind == .noDatabase)
        #expect(error?.message.contains("database \"nothing\" does not exist") == true)
    }

    @Test("Nobody listens.")
    func nobody() async throws {
        let error = await self.outcome(self.settings("host=127.0.0.1 port=\(FreePort.find())", "secret"))
        #expect(error?.kind == .cannotConnect)
        #expect(error?.message.contains("Connection refused") == true)
        #expect(error?.endedConnection == false)
    }

    @Test("Who listens and says nothing is waited for as long as was allowed.")
    func silent() async throws {
        let listener = SilentListener()
        var settings = self.settings("host=127.0.0.1 port=\(listener.port)", "secret")
        settings.connectTimeout = .milliseconds(300)
        let start = ContinuousClock.now
        let error = await self.outcome(settings)
        #expect(error?.kind == .cannotConnect)
        #expect(error?.message == "127.0.0.1 port \(listener.port) has not answered in time")
        // Not a measurement: without the limit it would never end.
        #expect(ContinuousClock.now - start >= .milliseconds(300))
    }

    @Test(
        "A connection string that libpq does not understand is refused and not repeated.",
        arguments: [
            "host=127.0.0.1 pasword=secret", "host=127.0.0.1 password=my secret", "postgres://a:secret@[::1/x",
            "postgres://h/x?secret=secret", "host=127.0.0.1 sslmode=perhaps", "host=127.0.0.1 port=many",
        ]
    )
    func notUnderstood(text: String) async throws {
        let settings = self.settings(text, nil)
        let error = await self.outcome(settings)
        #expect(error?.kind == .invalidSettings)
        #expect(error.map { "\($0)".contains("secret") } == false)
        #expect(!"\(settings)".contains("=secret"))
    }

    @Test("Nothing that prints settings prints a password.")
    func descriptions() {
        let texts = [
            "host=db.example user=me password=secret dbname=ledger", "postgresql://me:secret@db.example/ledger",
            "host=db.example user=me dbname=ledger",
        ]
        for text in texts {
            let settings = PostgresSettings(connectionString: text, password: "also secret")
            var dumped = ""
            dump(settings, to: &dumped)
            #expect("\(settings)" == "host=db.example dbname=ledger user=me")
            #expect(!(String(reflecting: settings) + dumped).contains("secret"))
        }
        #expect("\(PostgresSettings(connectionString: ""))" == "the database that the environment names")
        #expect("\(PostgresSettings(connectionString: "ledger"))" == "dbname=ledger")
    }

    @Test("A server without a connection to spare says so.")
    func tooMany() async throws {
        let server = try PostgresServer(settings: [
            "max_connections": "5", "superuser_reserved_connections": "3", "max_wal_senders": "0",
        ])
        let database = server.administration
        try await database.psql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        let settings = self.settings(database.connectionString + " user=guest", "guest")
        let error = await BlockingDesk.run {
            problem {
                var connections: [PostgresConnection] = []
                for _ in 0..<5 { connections.append(try PostgresConnection.open(settings)) }
            }
        }
        #expect(error?.kind == .tooManyConnections)
    }

    @Test("A server that stops says so, and none that has stopped answers.")
    func stopping() async throws {
        let server = try PostgresServer()
        let database = server.administration
        let settings = database.settings()
        let held = try await BlockingDesk.run { () -> PostgresError? in
            let connection = try PostgresConnection.open(settings)
            server.stop(.fast)
            return problem { _ = try connection.ask("SELECT 1") }
        }
        #expect(held?.kind == .shuttingDown || held?.kind == .connectionLost)
        #expect(held?.endedConnection == true)
        #expect(await self.outcome(settings)?.kind == .cannotConnect)
    }

    @Test("What is left out comes from the environment, and so do options.")
    func environment() async throws {
        // Variables of the process are everybody's, so this test has a process of its own.
        await #expect(processExitsWith: .success) {
            let server = try PostgresServer()
            setEnvironment([
                "PGHOST": "127.0.0.1", "PGPORT": "\(server.port)", "PGUSER": server.user, "PGDATABASE": "template1",
                "PGPASSWORD": server.password, "PGAPPNAME": "from outside", "PGOPTIONS": "-c lock_timeout=77",
            ])
            let connection = try PostgresConnection.open(PostgresSettings(connectionString: ""))
            try #require(try connection.word("SELECT current_database()") == "template1")
            try #require(try connection.word("SHOW application_name") == "from outside")
            try #require(try connection.word("SHOW lock_timeout") == "77ms")
            try #require(try connection.word("SHOW statement_timeout") == "27s")
        }
    }
}
