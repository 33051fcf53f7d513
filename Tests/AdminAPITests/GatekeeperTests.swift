import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Synchronization
import Testing

@Suite("Who is let in")
struct GatekeeperTests {
    private static let path = "/api/v1/destinations"

    private static func ask(_ rig: Rig, _ facts: Rig.Facts, from source: String = "192.0.2.1") async -> Answer {
        await rig.answer(rig.request("GET", Self.path, source: source, facts: facts))
    }

    @Test("a token counts until it ends, and a revoked one until the table is read again")
    func ends() async throws {
        let rig = try await Rig()
        let facts = Rig.Facts(fields: ["Authorization": [rig.bearer(.readHandOff)]])
        #expect(await Self.ask(rig, facts).status == 200)
        rig.ledger.set { state in
            for index in state.tokens.indices { state.tokens[index].revoked = Sample.now }
        }
        #expect(await Self.ask(rig, facts).status == 200)
        try await rig.tokens.reload(at: rig.clock.now)
        #expect(await Self.ask(rig, facts).status == 401)

        let (secret, record) = try Sample.token(50, scopes: [.readHandOff], expires: Sample.now.adding(seconds: 10))
        rig.ledger.set { $0.tokens = [record] }
        try await rig.tokens.reload(at: rig.clock.now)
        let brief = Rig.Facts(fields: ["Authorization": ["bEARER \(secret.text.reveal())"]])
        #expect(await Self.ask(rig, brief).status == 200)
        rig.clock.advance(seconds: 10)
        #expect(await Self.ask(rig, brief).status == 401)
    }

    @Test("while nobody can read the tokens, those known are taken for a minute, and then nobody is let in: 503")
    func stale() async throws {
        let rig = try await Rig()
        let facts = Rig.Facts(fields: ["Authorization": [rig.bearer(.readHandOff)]])
        rig.clock.advance(seconds: 60)
        #expect(await Self.ask(rig, facts).status == 200)
        rig.clock.advance(seconds: 1)
        let answer = await Self.ask(rig, facts)
        #expect(answer.status == 503)
        #expect(answer["Retry-After"] != nil)
    }

    @Test("a copy of the store that is more than a minute behind is not believed: a token may be revoked there already")
    func behind() async throws {
        let copied = Mutex(Sample.now)
        let rig = try await Rig(asOf: { copied.withLock { $0 } })
        let facts = Rig.Facts(fields: ["Authorization": [rig.bearer(.readHandOff)]])
        rig.clock.advance(seconds: 60)
        try await rig.tokens.reload(at: rig.clock.now)
        #expect(await Self.ask(rig, facts).status == 200)
        rig.clock.advance(seconds: 1)
        try await rig.tokens.reload(at: rig.clock.now)
        #expect(await Self.ask(rig, facts).status == 503)
        let now = rig.clock.now
        copied.withLock { $0 = now }
        try await rig.tokens.reload(at: now)
        #expect(await Self.ask(rig, facts).status == 200)
    }

    @Test("a use is noted once an hour, and again after a store that took no records")
    func uses() async throws {
        let rig = try await Rig()
        let facts = Rig.Facts(fields: ["Authorization": [rig.bearer(.readHandOff)]])
        var touched: [Int] = []
        for _ in 0..<3 {
            _ = await Self.ask(rig, facts)
            try await rig.tokens.noteUses()
            try await rig.tokens.reload(at: rig.clock.now)
            touched.append(rig.ledger.state.withLock { $0.touched.count })
            rig.clock.advance(seconds: 50)
        }
        #expect(touched == [1, 1, 1])
        rig.clock.advance(seconds: 3_600)
        try await rig.tokens.reload(at: rig.clock.now)
        _ = await Self.ask(rig, facts)
        rig.ledger.set { $0.isAway = true }
        await #expect(throws: EnrollmentError.self) { try await rig.tokens.noteUses() }
        rig.ledger.set { $0.isAway = false }
        try await rig.tokens.noteUses()
        #expect(rig.ledger.state.withLock { $0.touched.count } == 2)
    }

    @Test(
        "a client certificate that is pinned lets in for its own scopes, while it is valid in time, and no other does"
    )
    func clients() async throws {
        let certificate: [UInt8] = [1, 2, 3]
        let client = PinnedClient(
            name: "mdm-1",
            thumbprint: try Digest.sha256(certificate),
            notBefore: Sample.now,
            notAfter: Sample.now.adding(seconds: 10),
            scopes: [.readHandOff]
        )
        let rig = try await Rig(clients: [client])
        let own = Rig.Facts(certificate: certificate)
        #expect(await Self.ask(rig, own).status == 200)
        #expect(await rig.answer(rig.request("GET", "/api/v1/devices", facts: own)).status == 403)
        #expect(await Self.ask(rig, Rig.Facts(certificate: [1, 2, 4])).status == 401)
        // A token that is sent is meant, and a wrong one is not made good by the certificate.
        let both = Rig.Facts(fields: ["Authorization": ["Bearer wrong"]], certificate: certificate)
        #expect(await Self.ask(rig, both).status == 401)
        let twice = Rig.Facts(fields: ["Authorization": [rig.bearer, rig.bearer]], certificate: certificate)
        #expect(await Self.ask(rig, twice).status == 400)
        rig.clock.advance(seconds: 10)
        #expect(await Self.ask(rig, own).status == 200)
        rig.clock.advance(seconds: 1)
        #expect(await Self.ask(rig, own).status == 401)
    }

    @Test("after too many wrong credentials a source is told to wait, others are not, and a right one always comes in")
    func failures() async throws {
        let rig = try await Rig(failures: FailureLimit(failures: 3, seconds: 60))
        let wrong = Rig.Facts(fields: ["Authorization": ["Bearer wrong"]])
        var statuses: [Int] = []
        for _ in 0..<5 { statuses.append(await Self.ask(rig, wrong).status) }
        #expect(statuses == [401, 401, 401, 429, 429])
        #expect(await Self.ask(rig, wrong)["Retry-After"] == "60")
        #expect(await Self.ask(rig, wrong, from: "192.0.2.2").status == 401)
        #expect(await Self.ask(rig, Rig.Facts()).status == 401)
        #expect(await Self.ask(rig, Rig.Facts(fields: ["Authorization": [rig.bearer]])).status == 200)
        // Of IPv6 a network of 64 bits is one source.
        for end in 0..<3 { _ = await Self.ask(rig, wrong, from: "2001:db8:0:1:\(end)::7") }
        #expect(await Self.ask(rig, wrong, from: "2001:db8:0:1:9::7").status == 429)
        #expect(await Self.ask(rig, wrong, from: "2001:db8:0:2:9::7").status == 401)
        for end in 0..<3 { _ = await Self.ask(rig, wrong, from: "2001:db8::\(end):a:b:7") }
        #expect(await Self.ask(rig, wrong, from: "2001:db8::9").status == 429)
        #expect(await Self.ask(rig, wrong, from: "2001:db8:0:1::9").status == 429)
        #expect(await Self.ask(rig, wrong, from: "::ffff:192.0.2.1").status == 401)
        rig.clock.advance(seconds: 60)
        #expect(await Self.ask(rig, wrong).status == 401)
    }
}
