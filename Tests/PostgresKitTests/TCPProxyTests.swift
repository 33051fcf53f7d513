internal import EnrollmentTestKit
internal import Testing

@Suite("The relay that breaks connections for tests", .timeLimit(.minutes(25)))
struct TCPProxyTests {
    @Test("What it refused for a while it takes again, on the same port, beside connections that stayed.")
    func refuses() async throws {
        let server = try PostgresServer.shared()
        let proxy = TCPProxy(to: server.port)
        let address = server.administration.connectionString(port: proxy.port)
        func connects() async throws -> Bool {
            try await ExternalCommand.run("pg_isready", ["-q", "-d", address]).status == 0
        }
        #expect(try await connects())
        let script = "exec 3<> /dev/tcp/127.0.0.1/\(proxy.port); sleep 60"
        let client = try FixtureProcess(["bash", "-c", script])
        defer { client.kill() }
        while proxy.accepted < 2 { try await Task.sleep(for: .milliseconds(10)) }
        proxy.mode = .refuse
        #expect(try await !connects())
        proxy.mode = .forward
        #expect(try await connects())
    }
}
