import EnrollmentTestKit
import NIOCore
import OpenSSLKit
import TLSTransport
import Testing

@Suite("TLS handler, against the openssl command", .timeLimit(.minutes(10)))
struct TLSHandlerTests {
    /// A server of `authority` with the certificates for `names`, and what of it a test may want to turn.
    private static func context(
        _ authority: CommandLineAuthority,
        names: [String] = ["gatehouse.example"],
        keys: TLSTicketKeys? = nil
    ) async throws -> TLSContext {
        var identities: [TLSIdentity] = []
        for name in names {
            let credential = try await authority.server(name)
            identities.append(try TLSIdentity(pem: credential.pem, privateKey: credential.key))
        }
        return try TLSContext(
            server: TLSServerConfiguration(
                identities: identities,
                clientVerifier: try Pair.verifier(authority),
                ticketKeys: keys
            )
        )
    }

    /// Connects and types `input`; `Q` makes `s_client` leave.
    private static func connect(
        _ server: GreetingServer,
        _ arguments: [String],
        input: String = "Q\n"
    ) async throws -> ExternalCommand.Outcome {
        try await ExternalCommand.run(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(server.port)"] + arguments,
            input: input,
            keepsInputOpen: true
        )
    }

    @Test("TLS 1.2 and 1.3 are spoken, with ALPN http/1.1 and without compression", arguments: ["-tls1_2", "-tls1_3"])
    func versions(option: String) async throws {
        let authority = try await CommandLineAuthority()
        let server = try await GreetingServer(TLSContextSource(try await Self.context(authority)))
        let outcome = try await Self.connect(server, [option, "-alpn", "h2,http/1.1"])
        #expect(outcome.output.contains("ALPN protocol: http/1.1"))
        #expect(outcome.output.contains("Compression: NONE"))
        #expect(outcome.output.contains("Server Temp Key: X25519"))
        #expect(outcome.status == 0)
        try await server.stop()
    }

    @Test(
        "old versions, weak suites, other protocols and unknown groups are refused",
        arguments: [
            (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "alert protocol version"),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "handshake failure"),
            (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "handshake failure"),
            (["-alpn", "h2"], "no application protocol"),
            (["-groups", "P-521"], "handshake failure"),
        ]
    )
    func refusals(arguments: [String], reason: String) async throws {
        let authority = try await CommandLineAuthority()
        let server = try await GreetingServer(TLSContextSource(try await Self.context(authority)))
        let outcome = try await Self.connect(server, arguments)
        #expect(outcome.output.contains(reason))
        #expect(outcome.status != 0)
        try await server.stop()
    }

    @Test("renegotiation is refused")
    func renegotiation() async throws {
        let authority = try await CommandLineAuthority()
        let server = try await GreetingServer(TLSContextSource(try await Self.context(authority)))
        let outcome = try await Self.connect(server, ["-tls1_2"], input: "R\n")
        #expect(outcome.output.contains("RENEGOTIATING"))
        #expect(outcome.output.contains("no renegotiation"))
        try await server.stop()
    }

    @Test("the certificate follows the name asked for")
    func serverName() async throws {
        let authority = try await CommandLineAuthority()
        let context = try await Self.context(authority, names: ["one.example", "*.two.example"])
        let server = try await GreetingServer(TLSContextSource(context))
        for (asked, shown) in [
            ("one.example", "one.example"), ("x.two.example", "*.two.example"), ("z", "one.example"),
        ] {
            let outcome = try await Self.connect(server, ["-servername", asked])
            #expect(outcome.output.contains("subject=CN = \(shown)"))
        }
        try await server.stop()
    }

    @Test(
        "a client certificate is reported as what it is worth, and again when the session is resumed",
        arguments: [
            "-tls1_2", "-tls1_3",
        ]
    )
    func clientCertificateAndResumption(option: String) async throws {
        let authority = try await CommandLineAuthority()
        let foreign = try await CommandLineAuthority("Foreign")
        let keys = try TLSTicketKeys()
        let context = try await Self.context(authority, keys: keys)
        let server = try await GreetingServer(TLSContextSource(context))
        let known = try await authority.client("device")
        let stranger = try await foreign.client("device")
        let version = option == "-tls1_2" ? "TLSv1.2" : "TLSv1.3"
        for (credential, worth) in [
            (nil, "none"), (known, "verified"), (stranger, "unverified (unable to get local issuer certificate)"),
        ] {
            let session = authority.file("session-\(worth.utf8.count)")
            let identity = credential.map { ["-cert", $0.certificateFile, "-key", $0.keyFile] } ?? []
            let first = try await Self.greeting(server, [option, "-sess_out", session] + identity)
            #expect(first == "\(version) resumed=false certificate=\(worth)")
            let second = try await Self.greeting(server, [option, "-sess_in", session])
            #expect(second == "\(version) resumed=true certificate=\(worth)")
        }
        try await server.stop()
    }

    @Test("a ticket is accepted after one change of keys and forgotten after two")
    func ticketRotation() async throws {
        let authority = try await CommandLineAuthority()
        let keys = try TLSTicketKeys()
        let context = try await Self.context(authority, keys: keys)
        let server = try await GreetingServer(TLSContextSource(context))
        let session = authority.file("session")
        _ = try await Self.greeting(server, ["-tls1_2", "-sess_out", session])
        try keys.rotate()
        #expect(try await Self.greeting(server, ["-tls1_2", "-sess_in", session]).contains("resumed=true"))
        try keys.rotate()
        #expect(try await Self.greeting(server, ["-tls1_2", "-sess_in", session]).contains("resumed=false"))
        try await server.stop()
    }

    @Test("without ticket keys nothing is resumed")
    func withoutTickets() async throws {
        let authority = try await CommandLineAuthority()
        let server = try await GreetingServer(TLSContextSource(try await Self.context(authority)))
        let outcome = try await Self.connect(server, ["-tls1_2"])
        #expect(!outcome.output.contains("TLS session ticket:"))
        try await server.stop()
    }

    @Test("new connections get a replaced certificate, existing ones go on")
    func reload() async throws {
        let authority = try await CommandLineAuthority()
        let source = TLSContextSource(try await Self.context(authority, names: ["before.example"]))
        let server = try await GreetingServer(source)
        let early = try await LoopbackClient(port: server.port)
        let session = try await early.secure(authority, name: "before.example")

        source.replace(with: try await Self.context(authority, names: ["after.example"]))
        let outcome = try await Self.connect(server, [])
        #expect(outcome.output.contains("subject=CN = after.example"))

        try session.write(Array("still here".utf8))
        #expect(try await early.echo(through: session, until: "still here"))
        try await early.close()
        try await server.stop()
    }

    @Test("a client that says nothing is let go when its time for the handshake is over")
    func handshakeTimeout() async throws {
        let authority = try await CommandLineAuthority()
        let source = TLSContextSource(try await Self.context(authority))
        let server = try await GreetingServer(source, handshakeTime: .milliseconds(50))
        let client = try await LoopbackClient(port: server.port)
        #expect(try await client.receiveToEnd().isEmpty)
        try await server.stop()
    }

    @Test("octets that are no handshake are answered with an alert, those of plain HTTP with the end alone")
    func garbage() async throws {
        let authority = try await CommandLineAuthority()
        let server = try await GreetingServer(TLSContextSource(try await Self.context(authority)))
        let client = try await LoopbackClient(port: server.port)
        try await client.send([0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5])
        #expect(try await client.receiveToEnd().first == 21, "a record of type alert")
        let plain = try await LoopbackClient(port: server.port)
        try await plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await plain.receiveToEnd().isEmpty)
        try await server.stop()
    }

    /// The server's line about this connection, which it ends when told to: by then the ticket is there as well.
    private static func greeting(_ server: GreetingServer, _ arguments: [String]) async throws -> String {
        let outcome = try await Self.connect(server, arguments + ["-ign_eof"], input: "bye\n")
        return outcome.output.split(separator: "\n").first { $0.contains("resumed=") }.map(String.init) ?? ""
    }
}
