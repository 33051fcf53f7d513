import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("Identity cache")
struct IdentityCacheTests {
    private func path(_ number: UInt8) -> String {
        "/api/v1/identities/\(Hexadecimal.encode(Sample.thumbprint(number)))"
    }

    private func verdict(_ number: UInt8, _ rig: Rig) async -> String? {
        await rig.ask("GET", self.path(number)).json?["identity"] as? String
    }

    @Test("asks the ledger once, and not again until something changes")
    func keeps() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1) }
        for _ in 0..<3 { #expect(await self.verdict(1, rig) == "current") }
        #expect(rig.ledger.reads == 1)
        rig.ledger.change(Sample.identity(1), to: Sample.identity(1, state: .revoked, reason: .keyCompromise))
        #expect(try await rig.identities.follow() == 1)
        #expect(await self.verdict(1, rig) == "revoked")
        #expect(rig.ledger.reads == 2)
        #expect(rig.identities.tally.kept == 1)
    }

    @Test("follows a log that comes in parts to its end")
    func parts() async throws {
        let rig = try await Rig()
        for number in 1...5 as ClosedRange<UInt8> {
            rig.ledger.set { $0.identities[Sample.thumbprint(number)] = Sample.identity(number) }
            _ = await self.verdict(number, rig)
        }
        for number in 1...5 as ClosedRange<UInt8> {
            rig.ledger.change(Sample.identity(number), to: Sample.identity(number, device: .held))
        }
        #expect(try await rig.identities.follow() == 5)
        for number in 1...5 as ClosedRange<UInt8> { #expect(await self.verdict(number, rig) == "held") }
    }

    @Test("keeps no answer that a change has overtaken while it was found")
    func overtaken() async throws {
        let rig = try await Rig()
        let (ledger, identities) = (rig.ledger, rig.identities)
        ledger.set { state in
            state.identities[Sample.thumbprint(1)] = Sample.identity(1)
            state.whileLookingUp = {
                ledger.set { $0.whileLookingUp = nil }
                ledger.change(Sample.identity(1), to: Sample.identity(1, state: .revoked, reason: .keyCompromise))
                // What it throws shows in the count of what is kept.
                _ = try? await identities.follow()
            }
        }
        // What was found was right when the question came.
        #expect(await self.verdict(1, rig) == "current")
        #expect(rig.identities.tally.kept == 0)
        #expect(await self.verdict(1, rig) == "revoked")
    }

    @Test("remembers for two seconds what is not ours, and forgets it at once when it becomes ours")
    func strangers() async throws {
        let rig = try await Rig()
        #expect(await self.verdict(9, rig) == "unknown")
        #expect(await self.verdict(9, rig) == "unknown")
        #expect(rig.ledger.reads == 1)
        rig.ledger.change(Sample.identity(9), to: Sample.identity(9))
        _ = try await rig.identities.follow()
        #expect(await self.verdict(9, rig) == "current")
        #expect(await self.verdict(8, rig) == "unknown")
        rig.clock.advance(seconds: 2)
        #expect(await self.verdict(8, rig) == "unknown")
        #expect(rig.ledger.reads == 4)
    }

    @Test("is not believed when the ledger was not followed for five seconds: the ledger is asked, and 503 without it")
    func away() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1) }
        #expect(await self.verdict(1, rig) == "current")
        rig.ledger.set { $0.isAway = true }
        rig.clock.advance(seconds: 5)
        #expect(await self.verdict(1, rig) == "current")
        await #expect(throws: EnrollmentError.self) { try await rig.identities.follow() }
        rig.clock.advance(seconds: 1)
        let answer = await rig.ask("GET", self.path(1))
        #expect(answer.status == 503)
        #expect(answer.problem == "unavailable")
        #expect(!answer.text.contains("away"))
        rig.ledger.set { $0.isAway = false }
        #expect(await self.verdict(1, rig) == "current")
        #expect(rig.ledger.reads == 2)
        _ = try await rig.identities.follow()
        #expect(await self.verdict(1, rig) == "current")
        #expect(rig.ledger.reads == 2)
    }

    @Test("reads a certificate again after a quarter of an hour, for names that changed without an event")
    func age() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1) }
        for _ in 0..<30 {
            _ = await self.verdict(1, rig)
            rig.clock.advance(seconds: 30)
            _ = try await rig.identities.follow()
            try await rig.tokens.reload(at: rig.clock.now)
        }
        #expect(rig.ledger.reads == 1)
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1, user: "kim.lee@corp.example") }
        let answer = await rig.ask("GET", self.path(1))
        #expect((answer.json?["device"] as? [String: Any])?["user"] as? String == "kim.lee@corp.example")
        #expect(rig.ledger.reads == 2)
    }

    @Test("begins anew after a gap in which the log may have been shortened, and when the clock was set back")
    func gap() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1) }
        _ = await self.verdict(1, rig)
        rig.clock.advance(seconds: 3_600)
        try await rig.tokens.reload(at: rig.clock.now)
        #expect(try await rig.identities.follow() == 0)
        #expect(rig.identities.tally.kept == 0)
        rig.clock.advance(seconds: -20)
        _ = await self.verdict(1, rig)
        _ = await self.verdict(1, rig)
        #expect(rig.ledger.reads == 3)
    }

    @Test("answers nothing on a copy of the ledger that is too far behind")
    func behind() async throws {
        let copied = Sample.now
        let rig = try await Rig(asOf: { copied })
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1) }
        #expect(await self.verdict(1, rig) == "current")
        rig.clock.advance(seconds: 30)
        _ = try await rig.identities.follow()
        #expect(await self.verdict(1, rig) == "current")
        rig.clock.advance(seconds: 6)
        _ = try await rig.identities.follow()
        #expect(await rig.ask("GET", self.path(1)).status == 503)
    }

    @Test("keeps no more than it may, and what is asked for longest")
    func bounded() async throws {
        let rig = try await Rig(settings: IdentityCache.Settings(capacity: 20))
        for number in 1...60 as ClosedRange<UInt8> {
            rig.ledger.set { $0.identities[Sample.thumbprint(number)] = Sample.identity(number) }
            _ = await self.verdict(number, rig)
            _ = await self.verdict(1, rig)
            #expect(rig.identities.tally.kept <= 20)
        }
        #expect(rig.ledger.reads == 60)
    }

    @Test(
        "says what a certificate is worth by what happened to it, to its device, and by the time",
        arguments: [
            (Sample.identity(1), "current"),
            (Sample.identity(1, state: .superseded, reason: .superseded), "superseded"),
            (Sample.identity(1, state: .revoked, reason: .certificateHold), "held"),
            (Sample.identity(1, state: .revoked, reason: .keyCompromise), "revoked"),
            (Sample.identity(1, state: .revoked), "revoked"), (Sample.identity(1, state: .intent), "unknown"),
            (Sample.identity(1, device: .held), "held"), (Sample.identity(1, device: .reset), "revoked"),
            (Sample.identity(1, device: .issued), "current"), (Sample.identity(1, device: .handedOff), "current"),
            (Sample.identity(1, device: .expired), "expired"),
        ]
    )
    func verdicts(record: IdentityRecord, verdict: String) async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = record }
        #expect(await self.verdict(1, rig) == verdict)
        #expect(record.verdict(at: rig.clock.now).rawValue == verdict)
    }

    @Test("a kept certificate ends when its time is over, without anybody saying so")
    func expiry() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.identities[Sample.thumbprint(1)] = Sample.identity(1) }
        #expect(await self.verdict(1, rig) == "current")
        rig.clock.advance(seconds: 30 * 86_400 + 1)
        try await rig.tokens.reload(at: rig.clock.now)
        // The tokens of the rig live for a day.
        let identities = rig.identities
        let thumbprint = try #require(Thumbprint(Sample.thumbprint(1)))
        #expect(try await identities.look(up: thumbprint).verdict(at: rig.clock.now) == .expired)
    }

    @Test(
        "takes a SHA-256 in hexadecimal of either case, and nothing else",
        arguments: [
            "ab", "", String(repeating: "g", count: 64), String(repeating: "a", count: 63),
            "ｆ" + String(repeating: "a", count: 61),
        ]
    )
    func spelling(text: String) async throws {
        let rig = try await Rig()
        let answer = await rig.ask("GET", "/api/v1/identities/\(text)")
        #expect(answer.status == (text.isEmpty ? 404 : 400))
        #expect(await rig.ask("GET", "/api/v1/identities/\(String(repeating: "aB", count: 32))").status == 200)
    }

    @Test("a thumbprint gives its octets back")
    func octets() throws {
        let octets = (0..<32).map { UInt8($0 * 7) }
        let thumbprint = try #require(Thumbprint(octets))
        #expect(thumbprint.octets == octets)
        #expect(Thumbprint(hexadecimal: Hexadecimal.encode(octets).uppercased()) == thumbprint)
        #expect(Thumbprint([1]) == nil)
    }
}
