internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Errors of a PostgreSQL server")
struct PostgresErrorTests {
    private static let tables = """
        CREATE TABLE parent (number bigint PRIMARY KEY);
        CREATE TABLE thing (number bigint UNIQUE, name text NOT NULL DEFAULT 'x' CHECK (name <> 'bad'),
            parent bigint REFERENCES parent, span int4range, EXCLUDE USING gist (span WITH &&));
        INSERT INTO thing VALUES (1, 'one', NULL, '[1,5)');
        CREATE ROLE stranger_%;
        """

    struct Case: Sendable, CustomStringConvertible {
        let kind: PostgresError.Kind
        let sqlState: String
        let script: String
        var description: String { self.sqlState }

        init(_ kind: PostgresError.Kind, _ sqlState: String, _ script: String) {
            self.kind = kind
            self.sqlState = sqlState
            self.script = script
        }

        /// What cannot be brought about in a test without breaking the machine the server itself can be made to say.
        init(_ kind: PostgresError.Kind, raising sqlState: String) {
            self.init(kind, sqlState, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '\(sqlState)'; END $$")
        }
    }

    private static let cases = [
        Case(.uniqueViolation, "23505", "INSERT INTO thing VALUES (1)"),
        Case(.foreignKeyViolation, "23503", "INSERT INTO thing VALUES (2, 'two', 9)"),
        Case(.checkViolation, "23514", "INSERT INTO thing VALUES (2, 'bad')"),
        Case(.notNullViolation, "23502", "INSERT INTO thing VALUES (2, NULL)"),
        Case(.otherViolation, "23P01", "INSERT INTO thing VALUES (2, 'two', NULL, '[2,3)')"),
        Case(.undefinedTable, "42P01", "SELECT * FROM nothing"),
        Case(.undefinedColumn, "42703", "SELECT nothing FROM thing"),
        Case(.other, "42601", "SELEC 1"),
        Case(.other, "22012", "SELECT 1/0"),
        Case(.readOnly, "25006", "SET TRANSACTION READ ONLY; INSERT INTO thing VALUES (2)"),
        Case(.timeout, "57014", "SET statement_timeout = 20; SELECT pg_sleep(20)"),
        Case(.insufficientPrivilege, "42501", "SET LOCAL ROLE pg_monitor; SELECT * FROM thing"),
        Case(
            .outOfResources,
            "53400",
            "SET temp_file_limit = 64; SET work_mem = 64; SELECT n FROM generate_series(1, 1000000) n ORDER BY -n"
        ),
        Case(.diskFull, raising: "53100"),
        Case(.outOfResources, raising: "53200"),
        Case(.tooManyConnections, raising: "53300"),
        Case(.serializationFailure, raising: "40001"),
        Case(.corrupt, raising: "XX001"),
        Case(.corrupt, raising: "XX002"),
        Case(.inputOutput, raising: "58030"),
        Case(.shuttingDown, raising: "57P01"),
    ]

    @Test("Each is told by its code, and leaves the connection usable.", arguments: Self.cases)
    func kinds(example: Case) async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                let role = database.name
                try connection.executeScript(Self.tables.replacing("%", with: role))
                try connection.executeScript("DROP ROLE stranger_\(role)")
                let error = problem { try connection.executeScript(example.script) }
                #expect(error?.kind == example.kind)
                #expect(error?.sqlState == example.sqlState)
                #expect(error?.endedConnection == false)
                #expect(!connection.isBroken)
                #expect(try connection.number("SELECT 1") == 1)
            }
        }
    }

    @Test("A violated constraint is named with its table, and the values that violate it are not told.")
    func constraint() async throws {
        try await PostgresServer.shared().withDatabase { database in
            try await database.connected { connection in
                try connection.executeScript("CREATE TABLE thing (name text, CONSTRAINT once UNIQUE (name))")
                let insert = PostgresStatement("INSERT INTO thing VALUES ($1)")
                try connection.send(insert, [.text("very secret")])
                try connection.send(insert, [.text("very secret")])
                let error = problem { try connection.synchronize() }
                #expect(error?.constraint == "once")
                #expect(error?.table == "thing")
                #expect(error?.statement == "INSERT INTO thing VALUES ($1)")
                #expect(error.map { String(reflecting: $0).contains("secret") } == false)
            }
        }
    }

    @Test("Data that does not fit is not quoted.")
    func quoted() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let error = problem { _ = try connection.ask("SELECT $1::bigint", .text("very secret")) }
            #expect(error?.kind == nil || error?.sqlState?.hasPrefix("22") == true)
            let cast = PostgresStatement("SELECT ($1::text)::bigint")
            try? connection.synchronize()
            let other = problem { _ = try connection.rows(for: connection.send(cast, [.text("very secret")])) }
            #expect(other?.sqlState == "22P02")
            #expect(other?.message == "invalid input syntax for type bigint: …")
        }
    }

    @Test("Two that change what the other has read: one is told to try again.")
    func serialization() async throws {
        try await PostgresServer.shared().withDatabase { database in
            let settings = database.settings()
            try await BlockingDesk.run {
                let (one, two) = (try PostgresConnection.open(settings), try PostgresConnection.open(settings))
                try one.executeScript("CREATE TABLE thing (number bigint); INSERT INTO thing VALUES (1)")
                for connection in [one, two] {
                    try connection.executeScript("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(number) FROM thing")
                    try connection.executeScript("INSERT INTO thing SELECT sum(number)::bigint FROM thing")
                }
                try one.executeScript("COMMIT")
                #expect(kind { try two.executeScript("COMMIT") } == .serializationFailure)
                #expect(try one.number("SELECT count(*) FROM thing") == 2)
            }
        }
    }

    @Test("Two that wait for each other: one is told so, the other goes on.")
    func deadlock() async throws {
        try await PostgresServer.shared().withDatabase { database in
            let settings = database.settings()
            try await BlockingDesk.run {
                let (one, two) = (try PostgresConnection.open(settings), try PostgresConnection.open(settings))
                try one.executeScript("SET deadlock_timeout = 50; BEGIN; SELECT pg_advisory_xact_lock(1)")
                try two.executeScript("SET deadlock_timeout = 50; BEGIN; SELECT pg_advisory_xact_lock(2)")
                // Queued and sent, and not waited for: the server lets it wait for the other.
                try one.send(PostgresStatement("SELECT pg_advisory_xact_lock(2)"))
                one.flush()
                let second = kind { try two.executeScript("SELECT pg_advisory_xact_lock(1)") }
                try? two.executeScript("ROLLBACK")
                let first = kind { try one.synchronize() }
                #expect([first, second].compactMap { $0 } == [.deadlock])
            }
        }
    }

    @Test("A lock that somebody else holds is waited for half as long as an answer.")
    func lock() async throws {
        try await PostgresServer.shared().withDatabase { database in
            var settings = database.settings()
            settings.statementTimeout = .seconds(4)
            let hurried = settings
            try await BlockingDesk.run {
                let (one, two) = (try PostgresConnection.open(hurried), try PostgresConnection.open(hurried))
                #expect(try two.word("SHOW lock_timeout") == "2s")
                #expect(try two.word("SHOW statement_timeout") == "3600ms")
                #expect(try two.word("SHOW idle_in_transaction_session_timeout") == "8s")
                try one.executeScript("BEGIN; SELECT pg_advisory_xact_lock(1)")
                #expect(problem { try two.executeScript("SELECT pg_advisory_xact_lock(1)") }?.sqlState == "55P03")
                #expect(kind { try two.executeScript("SELECT 1/0") } == .other)
            }
        }
    }
}
