internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Several PostgreSQL hosts")
struct PostgresFailoverTests {
    private func settings(_ ports: [UInt16], _ password: String, _ attributes: String) -> PostgresSettings {
        let hosts = ports.map { _ in "127.0.0.1" }.joined(separator: ",")
        let list = ports.map { "\($0)" }.joined(separator: ",")
        let address = "host=\(hosts) port=\(list) user=gatehouse dbname=postgres target_session_attrs=\(attributes)"
        var settings = PostgresSettings(connectionString: address, password: password)
        settings.connectTimeout = .seconds(20)
        return settings
    }

    private func endpoint(_ settings: PostgresSettings) async throws -> String {
        try await BlockingDesk.run { try PostgresConnection.open(settings).endpoint }
    }

    @Test("The one that takes writes is found, wherever it stands; without one the reason is that.")
    func readWrite() async throws {
        let primary = try PostgresServer()
        let standby = try PostgresServer(standbyOf: primary)
        let (one, other) = (primary.port, standby.port)
        for ports in [[one, other], [other, one], [other, other, one]] {
            #expect(try await self.endpoint(self.settings(ports, primary.password, "read-write")) == "127.0.0.1:\(one)")
        }
        #expect(
            try await self.endpoint(self.settings([one, other], primary.password, "standby")) == "127.0.0.1:\(other)"
        )
        let alone = self.settings([other], primary.password, "read-write")
        let error = await BlockingDesk.run { problem { try PostgresConnection.open(alone).close() } }
        #expect(error?.kind == .readOnly)

        primary.stop(.immediate)
        try standby.promote()
        let both = self.settings([one, other], primary.password, "read-write")
        #expect(try await self.endpoint(both) == "127.0.0.1:\(other)")
    }

    @Test("A server that only reads by its configuration is passed over too.")
    func readOnly() async throws {
        let primary = try PostgresServer.shared()
        let reader = try PostgresServer(settings: ["default_transaction_read_only": "on"])
        let error = await BlockingDesk.run { [settings = self.settings([reader.port], reader.password, "read-write")] in
            problem { try PostgresConnection.open(settings).close() }
        }
        #expect(error?.kind == .readOnly)
        let any = self.settings([reader.port, primary.port], reader.password, "any")
        #expect(try await self.endpoint(any) == "127.0.0.1:\(reader.port)")
    }

    @Test("A host that hangs takes only its share of the time, wherever it stands.", arguments: 0..<3)
    func silent(position: Int) async throws {
        let server = try PostgresServer.shared()
        let listener = SilentListener()
        var ports = [FreePort.find(), server.port]
        ports.insert(listener.port, at: position)
        var settings = self.settings(ports, server.password, "any")
        settings.connectTimeout = .seconds(6)
        #expect(try await self.endpoint(settings) == "127.0.0.1:\(server.port)")
    }

    @Test("When all hang, the time for all of them is up, and each is named.")
    func allSilent() async throws {
        let listeners = [SilentListener(), SilentListener(), SilentListener()]
        var settings = self.settings(listeners.map(\.port), "secret", "any")
        settings.connectTimeout = .milliseconds(600)
        let silent = settings
        let error = await BlockingDesk.run { problem { try PostgresConnection.open(silent).close() } }
        #expect(error?.kind == .cannotConnect)
        for listener in listeners { #expect(error?.message.contains("port \(listener.port) has not") == true) }
    }
}
