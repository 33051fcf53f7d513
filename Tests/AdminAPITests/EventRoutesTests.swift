import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import ServiceRuntime
import Testing

@Suite("The feed")
struct EventRoutesTests {
    private static let path = "/api/v1/events"

    private func ids(_ answer: Answer) -> [String] {
        (answer.json?["events"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
    }

    private func ids(_ positions: ClosedRange<Int64>) -> [String] {
        positions.map { "\(Sample.deviceID(UInt8(truncatingIfNeeded: $0)))" }
    }

    @Test("is read page by page, each saying where the next begins, without losing or repeating anything")
    func pages() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.events = (1...5).map { Sample.event($0) } }
        var seen: [String] = []
        var query = "limit=2"
        for _ in 0..<3 {
            let answer = await rig.ask("GET", Self.path, query: query)
            #expect(answer.status == 200)
            seen += self.ids(answer)
            let next = try #require(answer.json?["next"] as? String)
            #expect(answer["Link"] == "</api/v1/events?after=\(next)&limit=2>; rel=\"next\"")
            query = "limit=2&after=\(next)"
        }
        #expect(seen == self.ids(1...5))
        let end = await rig.ask("GET", Self.path, query: query)
        #expect(self.ids(end).isEmpty)
        #expect(end.json?["next"] as? String == "5")
        #expect(end.json?["more"] as? Bool == false)
    }

    @Test("of some kinds alone goes on over the others")
    func kinds() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.events = (1...6).map { Sample.event($0, $0 == 3 ? .revoked : .enrolled) } }
        let some = await rig.ask("GET", Self.path, query: "kinds=revoked,expired&after=1")
        #expect(self.ids(some) == self.ids(3...3))
        #expect(some.json?["next"] as? String == "6")
        let full = await rig.ask("GET", Self.path, query: "kinds=revoked&limit=1")
        #expect(full.json?["next"] as? String == "3")
        #expect(full["Link"] == "</api/v1/events?after=3&limit=1&kinds=revoked>; rel=\"next\"")
        #expect(await rig.ask("GET", Self.path, query: "kinds=revoked,lost").status == 400)
    }

    @Test("on a copy that is behind, waits for what another replica has shown already")
    func behind() async throws {
        let moment = Sample.now
        let rig = try await Rig(asOf: { moment })
        rig.ledger.set { $0.events = (1...3).map { Sample.event($0) } }
        let ahead = await rig.ask("GET", Self.path, query: "after=5")
        #expect(ahead.status == 200)
        #expect(self.ids(ahead).isEmpty)
        #expect(ahead.json?["next"] as? String == "5")
    }

    @Test("is not read past a gap that appears while it is read")
    func prunedMeanwhile() async throws {
        let rig = try await Rig()
        rig.ledger.set { state in
            state.events = (1...6).map { Sample.event($0) }
            state.pruned = 0
            state.prunesBeforeReading = 4
        }
        let answer = await rig.ask("GET", Self.path, query: "after=2")
        #expect(answer.status == 410)
        #expect(answer.json?["after"] as? String == "4")
        #expect(self.ids(await rig.ask("GET", Self.path, query: "after=4")) == self.ids(5...6))
    }

    @Test("says that a cursor is gone when events after it are, and where to begin again")
    func gone() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.events = (10...12).map { Sample.event($0) } }
        let answer = await rig.ask("GET", Self.path, query: "after=8")
        #expect(answer.status == 410)
        #expect(answer.problem == "cursor-gone")
        let again = try #require(answer.json?["after"] as? String)
        #expect(self.ids(await rig.ask("GET", Self.path, query: "after=\(again)")) == self.ids(10...12))
        #expect(self.ids(await rig.ask("GET", Self.path)) == self.ids(10...12))
    }

    @Test(
        "says that a cursor is gone wherever something behind it is missing, or would be",
        arguments: [0, 4, 9, 13] as [Int64]
    )
    func gaps(after: Int64) async throws {
        let rig = try await Rig()
        // The first is kept for a destination that did not take it; what followed it is gone.
        rig.ledger.set { state in
            state.events = [Sample.event(5)] + (11...12).map { Sample.event($0) }
            state.pruned = 10
        }
        let answer = await rig.ask("GET", Self.path, query: "after=\(after)")
        #expect(answer.problem == "cursor-gone")
        #expect(answer.json?["after"] as? String == "10")
        #expect(self.ids(await rig.ask("GET", Self.path, query: "after=10")) == self.ids(11...12))
        #expect(self.ids(await rig.ask("GET", Self.path)) == self.ids(11...12))
        #expect(await rig.ask("GET", Self.path, query: "after=12").status == 200)
    }

    @Test("does not forget that there were events when all of them are gone")
    func allGone() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.pruned = 7 }
        #expect(await rig.ask("GET", Self.path, query: "after=6").problem == "cursor-gone")
        #expect(await rig.ask("GET", Self.path).json?["next"] as? String == "7")
    }

    @Test(
        "refuses what it does not understand",
        arguments: [
            "after=-1", "after=x", "limit=0", "limit=1001", "wait=61", "wait=-1", "wait=1.5", "kind=enrolled",
            "after=1&after=2", "kinds=", "after=%zz",
        ]
    )
    func refusals(query: String) async throws {
        let answer = await (try Rig()).ask("GET", Self.path, query: query)
        #expect(answer.status == 400)
        #expect(answer.problem == "bad-request")
        #expect(answer.json?["request"] as? String == "0123456789abcdef")
    }

    @Test("a request that waits is answered when something happens", .timeLimit(.minutes(25)))
    func waits() async throws {
        let rig = try await Rig()
        let watch = FeedWatch(ledger: rig.ledger, signal: rig.signal)
        async let answer = rig.ask("GET", Self.path, query: "wait=60")
        while !rig.signal.isWaitedFor { await Task.yield() }
        try await watch.look()
        rig.ledger.set { $0.events = [Sample.event(1)] }
        try await watch.look()
        #expect(self.ids(await answer) == self.ids(1...1))
        #expect(!rig.signal.isWaitedFor)
    }

    @Test("a request that would wait does not when there is something", .timeLimit(.minutes(25)))
    func waitsNot() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.events = [Sample.event(1)] }
        #expect(self.ids(await rig.ask("GET", Self.path, query: "wait=60")) == self.ids(1...1))
    }

    @Test("a ring for something that is not asked for does not end the wait", .timeLimit(.minutes(25)))
    func waitsOn() async throws {
        let rig = try await Rig()
        async let answer = rig.ask("GET", Self.path, query: "wait=60&kinds=revoked")
        while !rig.signal.isWaitedFor { await Task.yield() }
        rig.ledger.set { $0.events = [Sample.event(1)] }
        rig.signal.ring()
        await Task.yield()
        rig.ledger.set { $0.events.append(Sample.event(2, .revoked)) }
        rig.signal.ring()
        #expect(self.ids(await answer) == self.ids(2...2))
    }

    @Test("the wait ends when its time is over, and when nobody is there any more", .timeLimit(.minutes(25)))
    func ends() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.pruned = 7 }
        let late = await rig.ask("GET", Self.path, query: "wait=1&after=7")
        #expect(late.status == 200)
        #expect(late.json?["next"] as? String == "7")
        let ending = ShutdownSignal()
        async let answer = rig.ask("GET", Self.path, query: "wait=60", ending: ending)
        while !rig.signal.isWaitedFor { await Task.yield() }
        ending.raise()
        #expect(await answer.status == 200)
        #expect(!rig.signal.isWaitedFor)
    }

    @Test("so many may wait and no more; those who do not wait are answered", .timeLimit(.minutes(25)))
    func crowd() async throws {
        let rig = try await Rig(signal: FeedSignal(most: 1))
        let ending = ShutdownSignal()
        async let first = rig.ask("GET", Self.path, query: "wait=60", ending: ending)
        while !rig.signal.isWaitedFor { await Task.yield() }
        let second = await rig.ask("GET", Self.path, query: "wait=60")
        #expect(second.status == 429)
        #expect(second["Retry-After"] != nil)
        #expect(await rig.ask("GET", Self.path).status == 200)
        ending.raise()
        #expect(await first.status == 200)
    }
}
