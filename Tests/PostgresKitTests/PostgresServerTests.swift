internal import EnrollmentTestKit
internal import Testing

@Suite("The PostgreSQL server that tests start")
struct PostgresServerTests {
    @Test("A database of its own for each test, gone afterwards.")
    func databases() async throws {
        let server = try PostgresServer.shared()
        let name = try await server.withDatabase { database in
            try await database.psql("CREATE TABLE thing (number bigint); INSERT INTO thing VALUES (42)")
            #expect(try await database.psql("SELECT number FROM thing") == "42")
            return database.name
        }
        let count = try await server.administration.psql("SELECT count(*) FROM pg_database WHERE datname = '\(name)'")
        #expect(count == "0")
    }

    @Test(
        "What was committed is there after the server was ended and started again on its port.",
        arguments: [PostgresServer.Stop.fast, .immediate, .kill]
    )
    func restart(mode: PostgresServer.Stop) async throws {
        let server = try PostgresServer()
        let database = server.administration
        try await database.psql("CREATE TABLE thing (number bigint); INSERT INTO thing VALUES (42)")
        let former = server.processIdentifier
        server.stop(mode)
        #expect(server.processIdentifier == nil)
        try server.start(settings: ["default_transaction_read_only": "on"])
        #expect(server.processIdentifier != former)
        #expect(try await database.psql("SELECT number FROM thing; SHOW default_transaction_read_only") == "42\non")
        #expect(server.log.contains("ready to accept connections"))
    }

    @Test("A standby follows its primary, only reads, and takes over when promoted.")
    func standby() async throws {
        let primary = try PostgresServer()
        try await primary.administration.psql("CREATE TABLE thing (number bigint); INSERT INTO thing VALUES (42)")
        let standby = try PostgresServer(standbyOf: primary)
        let database = standby.administration
        #expect(try await database.psql("SELECT number FROM thing; SELECT pg_is_in_recovery()") == "42\nt")
        await #expect(throws: PostgresServer.NotStarted.self) {
            try await database.psql("INSERT INTO thing VALUES (43)")
        }
        try standby.promote()
        try await database.psql("INSERT INTO thing VALUES (43)")
        #expect(try await database.psql("SELECT sum(number) FROM thing") == "85")
    }
}
