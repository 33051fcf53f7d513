import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("TLS session", .timeLimit(.minutes(10)))
struct TLSSessionTests {
    @Test("a handshake ends in TLS 1.3 with a forward-secret AEAD suite, and octets pass both ways")
    func handshake() async throws {
        let authority = try await CommandLineAuthority()
        let pair = try await Pair(authority)
        try pair.connect()
        #expect(pair.server.version == "TLSv1.3")
        #expect(pair.server.suite == "TLS_AES_128_GCM_SHA256")
        #expect(!pair.server.isResumed)

        let question = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try pair.client.write(question)
        try pair.move(from: pair.client, to: pair.server)
        #expect(try pair.server.drain().octets == question)

        try pair.server.write([1, 2, 3])
        try pair.move(from: pair.server, to: pair.client)
        #expect(try pair.client.drain().octets == [1, 2, 3])
    }

    @Test("ciphertext may arrive octet by octet")
    func drip() async throws {
        let pair = try await Pair(try await CommandLineAuthority())
        try pair.connect(pieces: 1)
        try pair.client.write(Array("drop by drop".utf8))
        try pair.move(from: pair.client, to: pair.server, pieces: 1)
        #expect(try pair.server.drain().octets == Array("drop by drop".utf8))
    }

    @Test("a close_notify is told apart from silence")
    func closeNotify() async throws {
        let pair = try await Pair(try await CommandLineAuthority())
        try pair.connect()
        #expect(try pair.server.drain().end == .starved)
        pair.client.finishWriting()
        try pair.move(from: pair.client, to: pair.server)
        #expect(try pair.server.drain().end == .closed)
    }

    @Test("an octet changed under way ends the connection")
    func tampering() async throws {
        let pair = try await Pair(try await CommandLineAuthority())
        try pair.connect()
        try pair.client.write([1, 2, 3])
        var ciphertext = pair.client.output()
        ciphertext[ciphertext.count - 1] ^= 1
        try pair.server.receive(ciphertext)
        #expect(throws: OpenSSLError.self) { try pair.server.drain() }
        #expect(pair.server.outputCount > 0, "an alert is due")
    }

    @Test("a client without a certificate is served, and known to have shown none")
    func withoutCertificate() async throws {
        let pair = try await Pair(try await CommandLineAuthority())
        try pair.connect()
        #expect(try pair.server.judgePeerCertificate() == .none)
    }

    @Test("a certificate of a configured issuer is verified, sent with its issuer or alone, and again from the cache")
    func verified() async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.client("device")
        let leaf = try TLSIdentity.certificates(inPEM: credential.pem)
        let issuer = try TLSIdentity.certificates(inPEM: authority.issuer.pem)
        let verifier = try Pair.verifier(authority)
        for chain in [leaf, leaf + issuer, leaf] {
            let identity = try TLSIdentity(certificates: chain, privateKey: credential.key)
            let pair = try await Pair(authority, client: identity, verifier: verifier)
            try pair.connect()
            #expect(try pair.server.judgePeerCertificate() == .verified(leaf[0]))
        }
    }

    @Test("an intermediate that the client sends along is enough below a trusted issuer")
    func longChain() async throws {
        let authority = try await CommandLineAuthority()
        let lower = try await authority.authority("Lower")
        let key = authority.file("deep.key")
        let certificate = authority.file("deep.pem")
        try await CommandLineAuthority.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=deep",
            "-keyout", key, "-out", certificate, "-CA", lower.certificateFile, "-CAkey", lower.keyFile, "-days", "5",
            "-addext", "basicConstraints=CA:FALSE",
        ])
        let leaf = try TLSIdentity.certificates(inPEM: try octets(of: certificate))
        let chain = leaf + (try TLSIdentity.certificates(inPEM: lower.pem))
        let identity = try TLSIdentity(certificates: chain, privateKey: try octets(of: key))
        let pair = try await Pair(authority, client: identity)
        try pair.connect()
        #expect(try pair.server.judgePeerCertificate() == .verified(leaf[0]))
    }

    @Test(
        "a certificate that proves nothing is reported with the reason, and the handshake still succeeds",
        arguments: [
            (Stranger.foreign, "unable to get local issuer certificate"),
            (.expired, "certificate has expired"),
            (.wrongPurpose, "unsuitable certificate purpose"),
            (.authority, "an authority's certificate does not identify a client"),
        ]
    )
    func unverified(stranger: Stranger, reason: String) async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await stranger.credential(authority)
        let identity = try TLSIdentity(pem: credential.pem, privateKey: credential.key)
        let pair = try await Pair(authority, client: identity)
        try pair.connect()
        #expect(try pair.server.judgePeerCertificate() == .unverified(identity.certificates[0], reason: reason))
        // The same of a certificate that a proxy hands on.
        let verdict = try Pair.verifier(authority).judge(identity.certificates[0])
        #expect(verdict == .unverified(identity.certificates[0], reason: reason))
    }

    @Test("a certificate that a proxy hands on is judged as one from a handshake, and nothing but a certificate is")
    func judged() async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.client("device")
        let leaf = try TLSIdentity.certificates(inPEM: credential.pem)[0]
        let verifier = try Pair.verifier(authority)
        for _ in 0..<2 { #expect(try verifier.judge(leaf) == .verified(leaf)) }
        for octets in [
            [], [0x30], leaf + [0], Array(leaf.dropLast()), leaf + leaf, [UInt8](repeating: 0xFF, count: 900),
        ] {
            #expect(throws: OpenSSLError.self) { try verifier.judge(octets) }
        }
    }

    enum Stranger: CaseIterable {
        case foreign
        case expired
        case wrongPurpose
        case authority

        func credential(_ authority: CommandLineAuthority) async throws -> CommandLineAuthority.Credential {
            switch self {
            case .foreign: try await CommandLineAuthority("Foreign").client("device")
            case .expired: try await authority.client("device", days: -1)
            case .wrongPurpose: try await authority.client("device", usage: "serverAuth")
            case .authority: try await authority.authority("Lower")
            }
        }
    }

    @Test(
        "the certificate is chosen by the name that the client asks for",
        arguments: [
            ("exact.example", "exact.example"),
            ("EXACT.example", "exact.example"),
            ("any.wild.example", "*.wild.example"),
            ("special.wild.example", "special.wild.example"),
        ]
    )
    func serverName(asked: String, shown: String) async throws {
        let authority = try await CommandLineAuthority()
        var identities: [TLSIdentity] = []
        for name in ["default.example", "exact.example", "*.wild.example", "special.wild.example"] {
            let credential = try await authority.server(name)
            identities.append(try TLSIdentity(pem: credential.pem, privateKey: credential.key))
        }
        let server = try TLSContext(server: TLSServerConfiguration(identities: identities))
        let issuers = try TLSIdentity.certificates(inPEM: authority.issuer.pem + authority.root.pem)
        let client = try TLSClientContext(trusting: issuers)
        let pair = Pair(try TLSSession(server: server), try TLSSession(client: client, serverName: asked))
        // The client verifies the name, so a wrong choice fails here.
        try pair.connect()
        #expect(pair.server.serverName?.lowercased() == asked.lowercased())
    }

    @Test(
        "a name that nobody holds gets the default certificate, also two labels below a wildcard",
        arguments: [
            "unknown.example", "two.labels.wild.example", "wild.example",
        ]
    )
    func defaultCertificate(asked: String) async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.server("default.example")
        let wild = try await authority.server("*.wild.example")
        let server = try TLSContext(
            server: TLSServerConfiguration(identities: [
                try TLSIdentity(pem: credential.pem, privateKey: credential.key),
                try TLSIdentity(pem: wild.pem, privateKey: wild.key),
            ])
        )
        let issuers = try TLSIdentity.certificates(inPEM: authority.issuer.pem + authority.root.pem)
        let client = try TLSClientContext(trusting: issuers)
        let pair = Pair(try TLSSession(server: server), try TLSSession(client: client, serverName: asked))
        // The default does not hold the name, and the client, which verifies it, has to say so.
        let error = #expect(throws: OpenSSLError.self) { try pair.connect() }
        #expect(error?.description.contains("certificate verify failed") == true)
    }
}
