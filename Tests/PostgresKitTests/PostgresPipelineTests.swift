internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Statements queued on a PostgreSQL connection")
struct PostgresPipelineTests {
    private static let insert = PostgresStatement("INSERT INTO thing VALUES ($1)")

    @Test("Any number of statements cost one round trip, in our count and in the network's.")
    func roundTrips() async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        try await database.connected(port: proxy.port) { connection in
            let turns = proxy.turns
            let tickets = try (1...100).map { try connection.send(PostgresStatement("SELECT $1"), [.integer($0)]) }
            #expect(connection.roundTrips == 0)
            #expect(try connection.rows(for: tickets[99]).integer(0, 0) == 100)
            #expect(connection.roundTrips == 1)
            #expect(try connection.rows(for: tickets[0]).integer(0, 0) == 1)
            #expect(connection.roundTrips == 1)
            try connection.synchronize()
            try connection.synchronize()
            #expect(connection.roundTrips == 2)
            #expect(proxy.turns - turns == 2)
        }
    }

    @Test("Answers can be taken in any order.")
    func anyOrder() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let tickets = try (0..<10).map { try connection.send(PostgresStatement("SELECT $1"), [.integer($0)]) }
            for index in [5, 9, 0, 3, 8, 1] {
                #expect(try connection.rows(for: tickets[index]).integer(0, 0) == Int64(index))
            }
            // The rest are dropped.
            try connection.synchronize()
            #expect(try connection.number("SELECT 7") == 7)
        }
    }

    @Test("How many rows were changed is said of each statement.")
    func affected() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                try connection.executeScript("CREATE TABLE thing (number bigint)")
                let inserted = try connection.send(
                    PostgresStatement("INSERT INTO thing SELECT generate_series(1, 7) RETURNING number")
                )
                let deleted = try connection.send(PostgresStatement("DELETE FROM thing WHERE number > 4"))
                #expect(try connection.rows(for: deleted).affected == 3)
                let rows = try connection.rows(for: inserted)
                #expect(rows.affected == 7)
                #expect(rows.count == 7)
            }
        }
    }

    @Test(
        "An error stops what comes after it and leaves nothing of what came before, at every position.",
        arguments: 0..<5
    )
    func positions(wrong: Int) async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                try connection.executeScript("CREATE TABLE thing (number bigint CHECK (number < 10))")
                let tickets = try (0..<5).map { index in
                    try connection.send(Self.insert, [.integer(index == wrong ? 10 : Int64(index))])
                }
                for index in 0..<5 {
                    let error = problem { _ = try connection.rows(for: tickets[index]) }
                    if index < wrong {
                        #expect(error == nil)
                    } else {
                        #expect(error?.kind == .checkViolation)
                        #expect(error?.statement == "INSERT INTO thing VALUES ($1)")
                    }
                }
                #expect(kind { try connection.send(Self.insert, [.integer(1)]) } == .checkViolation)
                #expect(connection.transactionStatus == .unknown)
                #expect(kind { try connection.synchronize() } == .checkViolation)
                #expect(!connection.isBroken)
                #expect(connection.transactionStatus == .idle)
                #expect(try connection.number("SELECT count(*) FROM thing") == 0)
                try connection.send(Self.insert, [.integer(1)])
                try connection.synchronize()
                #expect(try connection.number("SELECT count(*) FROM thing") == 1)
            }
        }
    }

    @Test("The error of a statement that nobody asked about is thrown where somebody waits next, and names it.")
    func earlier() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                try connection.executeScript("CREATE TABLE thing (number bigint UNIQUE)")
                try connection.send(Self.insert, [.integer(1)])
                try connection.send(Self.insert, [.integer(1)])
                let error = problem { _ = try connection.ask("SELECT 1") }
                #expect(error?.kind == .uniqueViolation)
                #expect(error?.statement == "INSERT INTO thing VALUES ($1)")
            }
        }
    }

    @Test("A statement that the server did not accept is prepared again once it can be, and so are those after it.")
    func refusedPreparation() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                let early = PostgresStatement("SELECT count(*) FROM thing")
                let later = PostgresStatement("SELECT 5")
                try connection.send(early)
                try connection.send(later)
                #expect(kind { try connection.synchronize() } == .undefinedTable)
                try connection.executeScript("CREATE TABLE thing (number bigint)")
                #expect(try connection.rows(for: connection.send(later)).integer(0, 0) == 5)
                #expect(try connection.rows(for: connection.send(early)).integer(0, 0) == 0)
                try connection.synchronize()
                #expect(try connection.number("SELECT count(*) FROM pg_prepared_statements") == 3)
            }
        }
    }

    @Test("A literal is prepared once for each way in which its parameters are typed.")
    func preparedOnce() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let statement = PostgresStatement("SELECT $1 IS NULL")
            let values: [PostgresValue] = [.integer(1), .null(.integer), .text("x"), .null(.text), .octets([1])]
            for value in values + values {
                let rows = try connection.rows(for: connection.send(statement, [value]))
                #expect(rows.integer(0, 0) == (value == .null(.integer) || value == .null(.text) ? 1 : 0))
            }
            let count: SQL = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 IS NULL'"
            #expect(try connection.number(count) == 3)
        }
    }

    @Test("A transaction that failed takes no statement until it is rolled back.")
    func failedTransaction() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            try connection.send(PostgresStatement("BEGIN"))
            try connection.synchronize()
            #expect(connection.transactionStatus == .inTransaction)
            #expect(kind { _ = try connection.ask("SELECT 1/0") } == .other)
            #expect(kind { try connection.synchronize() } == .other)
            #expect(connection.transactionStatus == .failed)
            #expect(kind { _ = try connection.ask("SELECT 1") } == .transactionFailed)
            #expect(kind { try connection.synchronize() } == .transactionFailed)
            try connection.send(PostgresStatement("ROLLBACK"))
            try connection.synchronize()
            #expect(connection.transactionStatus == .idle)
            #expect(try connection.number("SELECT 1") == 1)
        }
    }

    @Test("A queue that fills every buffer both ways comes through.")
    func deadlock() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let word = String(repeating: "x", count: 20_000)
            let tickets = try (0..<3_000).map { number in
                try connection.send(PostgresStatement("SELECT $1, $2"), [.integer(Int64(number)), .text(word)])
            }
            for (number, ticket) in tickets.enumerated() {
                let rows = try connection.rows(for: ticket)
                #expect(rows.integer(0, 0) == Int64(number))
                #expect(rows.withOctets(0, 1) { $0.count } == 20_000)
            }
            try connection.synchronize()
            #expect(connection.roundTrips < 3_000)
        }
    }

    @Test("Twenty thousand inserts in one go are all there.")
    func manyInserts() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                try connection.executeScript("CREATE TABLE thing (number bigint)")
                for number in 0..<20_000 { try connection.send(Self.insert, [.integer(Int64(number))]) }
                try connection.synchronize()
                #expect(try connection.number("SELECT count(DISTINCT number) FROM thing") == 20_000)
            }
        }
    }

    @Test("A script is one transaction; its first error is thrown, and the connection goes on.")
    func script() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                let ticket = try connection.send(PostgresStatement("SELECT 1"))
                _ = ticket
                let error = problem {
                    try connection.executeScript("CREATE TABLE thing (number bigint); SELECT 1/0; SELECT nothing")
                }
                #expect(error?.sqlState == "22012")
                #expect(connection.transactionStatus == .idle)
                #expect(kind { _ = try connection.ask("SELECT count(*) FROM thing") } == .undefinedTable)
                #expect(kind { try connection.synchronize() } == .undefinedTable)
                try connection.executeScript("CREATE TABLE thing (number bigint); INSERT INTO thing VALUES (1), (2);")
                try connection.executeScript("")
                #expect(try connection.number("SELECT count(*) FROM thing") == 2)
            }
        }
    }

    @Test(
        "Statements whose plan the server changed or lost make the connection one to replace.",
        arguments: ["ALTER TABLE thing ADD COLUMN name text", "DEALLOCATE ALL", "DISCARD ALL"]
    )
    func stalePlan(change: String) async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                try connection.executeScript("CREATE TABLE thing (number bigint)")
                _ = try connection.ask("SELECT * FROM thing")
                try connection.executeScript(change)
                #expect(kind { _ = try connection.ask("SELECT * FROM thing") } == .stalePlan)
                #expect(connection.isBroken)
                #expect(kind { try connection.synchronize() } == .stalePlan)
            }
        }
    }
}
