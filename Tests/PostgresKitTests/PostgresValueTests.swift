internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Values to and from PostgreSQL")
struct PostgresValueTests {
    @Test(
        "A number comes back as it went.",
        arguments: [0, 1, -1, 255, 256, -256, Int64(Int32.max) + 1, .max, .min, .max - 1, .min + 1]
    )
    func integers(number: Int64) async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let rows = try connection.ask("SELECT $1, $1 + 0 = $1, $1::text", .integer(number))
            #expect(rows.integer(0, 0) == number)
            #expect(rows.integer(0, 1) == 1)
            #expect(rows.text(0, 2) == "\(number)")
        }
    }

    @Test(
        "A text comes back as it went.",
        arguments: [
            "", " ", "plain", "'; DROP TABLE x; --", "\u{1}\u{7F}", "naïve", "e\u{301}", "👩🏽‍🚀", "\u{10FFFF}",
            "$1 ?1 %s \\ \"",
            "line\r\nline\t", String(repeating: "ä", count: 1 << 20),
        ]
    )
    func texts(text: String) async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let rows = try connection.ask("SELECT $1, octet_length($1)", .text(text))
            #expect(Array(rows.text(0, 0).utf8) == Array(text.utf8))
            #expect(rows.integer(0, 1) == Int64(text.utf8.count))
        }
    }

    @Test("Octets come back as they went.", arguments: [0, 1, 255, 256, 8_191, 8_192, 16_384, 1 << 20, 5_000_000])
    func octets(count: Int) async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let rows = try connection.ask("SELECT $1, octet_length($1)", .octets(octets))
            #expect(rows.octets(0, 0) == octets)
            #expect(rows.withOctets(0, 0) { $0.count } == count)
            #expect(rows.integer(0, 1) == Int64(count))
        }
    }

    @Test("NULL is not empty, and empty is not NULL.")
    func null() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let rows = try connection.ask(
                "SELECT $1, $2, $3, $4, $5",
                .null(.integer),
                .null(.text),
                .null(.octets),
                .text(""),
                .octets([])
            )
            #expect((0..<5).map { rows.isNull(0, $0) } == [true, true, true, false, false])
            #expect(rows.integer(0, 0) == 0)
            #expect(rows.text(0, 1) == "")
            #expect(rows.octets(0, 2) == [])
        }
    }

    @Test("Whole numbers of every width, booleans and the names of the catalog can be read.")
    func otherTypes() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let rows = try connection.ask(
                """
                SELECT (-2)::smallint, (-3)::integer, true, false, 4294967295::oid, 'pg_class'::name, 'v'::varchar(5), 'x'::"char",
                    count(*), pg_advisory_xact_lock(1, 2) FROM pg_class WHERE relname = 'pg_class'
                """
            )
            #expect((0..<5).map { rows.integer(0, $0) } == [-2, -3, 1, 0, 4_294_967_295])
            #expect((5..<8).map { rows.text(0, $0) } == ["pg_class", "v", "x"])
            #expect(rows.integer(0, 8) == 1)
            #expect(rows.columns == 10)
        }
    }

    @Test("A type that is not read is named before its octets are taken for something else.")
    func unexpectedType() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let error = problem { _ = try connection.ask("SELECT 1, sum(1::bigint)") }
            #expect(error?.kind == .unexpectedType)
            #expect(error?.message == "column 1 has type 1700; cast it")
            let one = try connection.number("SELECT 1")
            #expect(one == 1)
        }
    }

    @Test("Text with U+0000 is refused before anything is sent.")
    func zero() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let error = problem { _ = try connection.ask("SELECT $1, $2", .text("secret"), .text("sec\u{0}ret")) }
            #expect(error?.kind == .invalidValue)
            #expect(error?.message == "parameter 2 contains U+0000")
            #expect(error.map { "\($0)".contains("sec\u{0}") } == false)
            #expect(connection.isSynchronized)
            #expect(connection.roundTrips == 0)
            let one = try connection.number("SELECT 1")
            #expect(one == 1)
        }
    }

    @Test("More parameters than the protocol counts are refused before anything is sent.")
    func tooMany() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let many = [PostgresValue](repeating: .integer(1), count: 65_536)
            #expect(kind { try connection.send(PostgresStatement("SELECT 1"), many) } == .invalidValue)
            #expect(connection.isSynchronized)
        }
    }

    @Test("Three hundred thousand rows arrive, each as it was.")
    func manyRows() async throws {
        try await PostgresServer.shared().administration.connected { connection in
            let rows = try connection.ask("SELECT n, 'row ' || n FROM generate_series(1::bigint, 300000) n")
            #expect(rows.count == 300_000)
            #expect(rows.affected == 300_000)
            let isRight = (0..<rows.count).allSatisfy { row in
                rows.integer(row, 0) == row + 1 && rows.text(row, 1) == "row \(row + 1)"
            }
            #expect(isRight)
        }
    }

    @Test("Rows outlive their connection.")
    func outlive() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        try await BlockingDesk.run {
            let connection = try PostgresConnection.open(settings)
            let rows = try connection.ask("SELECT 'still here'")
            connection.close()
            #expect(rows.text(0, 0) == "still here")
        }
    }
}
