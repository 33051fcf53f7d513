import EnrollmentTestKit
import Foundation
import HTTPTransport
import OpenSSLKit
import TLSTransport
import Testing

@Suite("HTTP over TLS, against the curl and openssl commands", .timeLimit(.minutes(10)))
struct HTTPSTests {
    private static func context(_ authority: CommandLineAuthority, name: String) async throws -> TLSContext {
        let credential = try await authority.server(name)
        return try TLSContext(
            server: TLSServerConfiguration(
                identities: [try TLSIdentity(pem: credential.pem, privateKey: credential.key)],
                clientVerifier: try PeerCertificateVerifier(
                    anchors: try TLSIdentity.certificates(inPEM: authority.root.pem),
                    issuers: try TLSIdentity.certificates(inPEM: authority.issuer.pem)
                ),
                ticketKeys: try TLSTicketKeys()
            )
        )
    }

    /// Both authorities in one file, for clients that want to build the chain themselves.
    private static func bundle(_ authority: CommandLineAuthority) throws -> String {
        let path = authority.file("bundle.pem")
        try Data(authority.root.pem + authority.issuer.pem).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("a request tells its handler which certificate the client showed, and what it is worth")
    func clientCertificate() async throws {
        let authority = try await CommandLineAuthority()
        let foreign = try await CommandLineAuthority("Foreign")
        let known = try await authority.client("device")
        let stranger = try await foreign.client("device")
        let bundle = try Self.bundle(authority)
        let source = TLSContextSource(try await Self.context(authority, name: "localhost"))
        try await withListener([TestRoutes.whoami], tls: source) { listener, _ in
            for (credential, worth) in [
                (nil, "none"), (known, "verified"), (stranger, "unverified: unable to get local issuer certificate"),
            ] {
                let identity = credential.map { ["--cert", $0.certificateFile, "--key", $0.keyFile] } ?? []
                let outcome = try await ExternalCommand.run(
                    "curl",
                    ["--silent", "--show-error", "--noproxy", "*", "--cacert", bundle]
                        + ["--connect-to", "localhost:443:127.0.0.1:\(listener.port)", "https://localhost/whoami"]
                        + identity
                )
                #expect(outcome.output == "127.0.0.1 tls=true \(worth)\n")
            }
        }
    }

    @Test("a body over the limit is answered over TLS as well, while the client is still sending")
    func largeBody() async throws {
        let authority = try await CommandLineAuthority()
        let bundle = try Self.bundle(authority)
        let body = authority.file("body")
        try Data(count: 5_000_000).write(to: URL(fileURLWithPath: body))
        let source = TLSContextSource(try await Self.context(authority, name: "localhost"))
        try await withListener([TestRoutes.echo], tls: source) { listener, _ in
            let outcome = try await ExternalCommand.run(
                "curl",
                ["--silent", "--show-error", "--noproxy", "*", "--cacert", bundle, "--write-out", "%{http_code}"]
                    + ["--connect-to", "localhost:443:127.0.0.1:\(listener.port)", "https://localhost/echo"]
                    + ["--header", "Expect:", "--header", "Content-Type: text/plain", "--data-binary", "@" + body]
            )
            #expect(outcome.output.contains("413"))
        }
    }

    @Test("a long answer passes through TLS whole")
    func longAnswer() async throws {
        let authority = try await CommandLineAuthority()
        let bundle = try Self.bundle(authority)
        let source = TLSContextSource(try await Self.context(authority, name: "localhost"))
        try await withListener([TestRoutes.long], tls: source) { listener, _ in
            let outcome = try await ExternalCommand.run(
                "curl",
                ["--silent", "--show-error", "--noproxy", "*", "--cacert", bundle, "--write-out", "%{size_download}"]
                    + ["--connect-to", "localhost:443:127.0.0.1:\(listener.port)", "https://localhost/long"]
                    + ["--output", authority.file("long")]
            )
            #expect(outcome.output == "3000000")
        }
    }

    @Test("a connection limit is explained over TLS too")
    func connectionLimit() async throws {
        let authority = try await CommandLineAuthority()
        let bundle = try Self.bundle(authority)
        let source = TLSContextSource(try await Self.context(authority, name: "localhost"))
        var limits = HTTPLimits.patient
        limits.connectionsPerSource = 0
        try await withListener([TestRoutes.hello], tls: source, limits: limits) { listener, _ in
            let outcome = try await ExternalCommand.run(
                "curl",
                ["--silent", "--show-error", "--noproxy", "*", "--cacert", bundle, "--write-out", "%{http_code}"]
                    + ["--connect-to", "localhost:443:127.0.0.1:\(listener.port)", "https://localhost/hello"]
            )
            #expect(outcome.output.hasSuffix("503"))
        }
    }

    @Test("a handshake that takes too long ends the connection")
    func handshakeTimeout() async throws {
        let authority = try await CommandLineAuthority()
        let source = TLSContextSource(try await Self.context(authority, name: "localhost"))
        var limits = HTTPLimits.patient
        limits.handshakeTime = .milliseconds(50)
        try await withListener([TestRoutes.hello], tls: source, limits: limits) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            #expect(try await client.receiveToEnd().isEmpty)
            try await client.close()
        }
    }
}
