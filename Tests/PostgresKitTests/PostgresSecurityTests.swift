internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("TLS to PostgreSQL")
struct PostgresSecurityTests {
    private let authority: CommandLineAuthority
    private let server: PostgresServer

    init() async throws {
        self.authority = try await CommandLineAuthority("Database")
        let credential = try await self.authority.server("localhost")
        self.server = try PostgresServer(credential: credential, issuer: self.authority.issuer)
    }

    private func settings(_ host: String, _ more: String) -> PostgresSettings {
        let address = "host=\(host) hostaddr=127.0.0.1 port=\(self.server.port) user=gatehouse dbname=postgres "
        var settings = PostgresSettings(connectionString: address + more, password: self.server.password)
        settings.connectTimeout = .seconds(20)
        return settings
    }

    @Test("A server whose certificate is trusted and has its name is talked to; another is not.")
    func verification() async throws {
        let trusted = "sslmode=verify-full sslrootcert=\(self.authority.root.certificateFile)"
        let other = try await CommandLineAuthority("Other")
        let cases: [(PostgresSettings, String?)] = [
            (self.settings("localhost", trusted), nil),
            (self.settings("database.example", trusted), "does not match host name"),
            (
                self.settings("localhost", "sslmode=verify-full sslrootcert=\(other.root.certificateFile)"),
                "certificate verify failed"
            ),
            (self.settings("localhost", "sslmode=verify-full sslrootcert=/nowhere.pem"), "does not exist"),
        ]
        for (settings, complaint) in cases {
            let error = await BlockingDesk.run {
                problem {
                    let connection = try PostgresConnection.open(settings)
                    #expect(connection.isEncrypted)
                    #expect(try connection.number("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == 1)
                }
            }
            #expect(error?.kind == (complaint == nil ? nil : .tls))
            if let complaint { #expect(error?.message.contains(complaint) == true) }
        }
    }

    @Test("A server that offers no TLS is not talked to when it is asked for.")
    func notOffered() async throws {
        let settings = try PostgresServer.shared().administration.settings("sslmode=require")
        let error = await BlockingDesk.run { problem { try PostgresConnection.open(settings).close() } }
        #expect(error?.kind == .tls)
        #expect(error?.message.contains("does not support SSL") == true)
    }

    @Test("A wrong password is told from a wrong certificate.")
    func password() async throws {
        var settings = self.settings("localhost", "sslmode=require")
        settings.password = "wrong"
        let wrong = settings
        let error = await BlockingDesk.run { problem { try PostgresConnection.open(wrong).close() } }
        #expect(error?.kind == .wrongPassword)
    }

    /// A record of TLS may hold more than libpq takes at once, and the kernel knows nothing of the rest.
    @Test("Answers of every size come through.")
    func sizes() async throws {
        let settings = self.settings("localhost", "sslmode=require")
        try await BlockingDesk.run {
            let connection = try PostgresConnection.open(settings)
            let repeated = PostgresStatement("SELECT repeat('x', $1::integer)")
            let exact = (0..<40).map { 8_192 * ($0 / 5 + 1) - 20 + $0 * 3 }
            for count in exact + [100_000, 1 << 20, 5_000_000] {
                let rows = try connection.rows(for: connection.send(repeated, [.integer(Int64(count))]))
                #expect(rows.withOctets(0, 0) { $0.count } == count)
            }
            let tickets = try (0..<300).map { try connection.send(repeated, [.integer(Int64($0) * 100)]) }
            for (index, ticket) in tickets.enumerated() {
                #expect(try connection.rows(for: ticket).withOctets(0, 0) { $0.count } == index * 100)
            }
            #expect(try connection.ask("SELECT n, 'row ' || n FROM generate_series(1, 300000) n").count == 300_000)
            let octets = [UInt8](repeating: 7, count: 5_000_000)
            #expect(try connection.ask("SELECT $1", .octets(octets)).octets(0, 0) == octets)
        }
    }
}
