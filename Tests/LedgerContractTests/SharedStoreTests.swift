internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Logging
internal import Testing

/// What replicas do with a store that they share, on each store: a file has one process at most, and is copied to a server
/// with everything in it.
@Suite("A shared store", .timeLimit(.minutes(10)))
struct SharedStoreTests {
    /// The stores that a service may use.
    enum Store: CaseIterable, CustomTestStringConvertible {
        case sqlite
        case postgres

        var testDescription: String { self == .sqlite ? "SQLite" : "PostgreSQL" }

        /// Lends two ledgers on one fresh store.
        func withPair(_ body: (any LedgerStore, any LedgerStore) async throws -> Void) async throws {
            switch self {
            case .sqlite:
                let folder = try TemporaryFolder()
                let (one, two) = (try await folder.openLedger(), try await folder.openLedger())
                do {
                    try await body(one, two)
                } catch {
                    await one.close()
                    await two.close()
                    throw error
                }
                await one.close()
                await two.close()
            case .postgres:
                try await PostgresFixture.withLedgers(2) { (ledgers, _) async throws -> Void in
                    try await body(ledgers[0], ledgers[1])
                }
            }
        }
    }

    private static let now = LedgerFixture.start

    private static func settings(_ pairs: (String, String)...) -> [AgreedSetting] {
        pairs.map { AgreedSetting(name: $0.0, value: $0.1) }
    }

    // MARK: Agreement

    @Test("takes from the first what nobody agreed on, and keeps it from the second", arguments: Store.allCases)
    func firstDecides(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            #expect(try await one.agreement() == [])
            let first = Self.settings(("deviceLimit.default", "5"), ("crl.intervalHours", "6"))
            #expect(try await one.addToAgreement(first, at: Self.now) == first.sorted { $0.name < $1.name })
            let after = try await two.addToAgreement(
                Self.settings(("deviceLimit.default", "10"), ("urls.pki", "http://pki.corp.example")),
                at: Self.now
            )
            let expected = Self.settings(
                ("crl.intervalHours", "6"),
                ("deviceLimit.default", "5"),
                ("urls.pki", "http://pki.corp.example")
            )
            #expect(after == expected)
            #expect(try await one.agreement() == expected)
        }
    }

    @Test(
        "replaces an agreement once, records who ordered it, and leaves what only others know",
        arguments: Store.allCases
    )
    func change(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            let former = try await one.addToAgreement(
                Self.settings(("deviceLimit.default", "10"), ("later.key", "x"), ("ocsp.validityMinutes", "60")),
                at: Self.now
            )
            let wish = Self.settings(("deviceLimit.default", "5"), ("ocsp.validityMinutes", "60"))
            let act = LedgerFixture.act(.agree, at: Self.now, reason: "the works council asked for it")
            try await one.changeAgreement(to: wish, from: former, act: act)
            #expect(
                try await two.agreement()
                    == Self.settings(("deviceLimit.default", "5"), ("later.key", "x"), ("ocsp.validityMinutes", "60"))
            )
            let record = try #require(try await two.act(act.traceID))
            #expect(record.act == act)
            #expect(record.facts == [Fact("deviceLimit.default", "5")])
        }
    }

    @Test("refuses a change by somebody who does not know the agreement of now", arguments: Store.allCases)
    func overtaken(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            let former = try await one.addToAgreement(Self.settings(("deviceLimit.default", "10")), at: Self.now)
            let first = LedgerFixture.act(.agree, at: Self.now, reason: "one")
            try await one.changeAgreement(to: Self.settings(("deviceLimit.default", "5")), from: former, act: first)
            let second = LedgerFixture.act(.agree, at: Self.now, reason: "two")
            let error = await #expect(throws: EnrollmentError.self) {
                try await two.changeAgreement(
                    to: Self.settings(("deviceLimit.default", "7")),
                    from: former,
                    act: second
                )
            }
            #expect(error?.rule == "agreement.changed")
            #expect(try await one.agreement() == Self.settings(("deviceLimit.default", "5")))
            #expect(try await one.act(second.traceID) == nil)
        }
    }

    // MARK: Leases

    @Test("gives a lease to one at a time; its holder goes on with it", arguments: Store.allCases)
    func leases(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            let until = Self.now.adding(seconds: 15)
            let names = ["duty/a", "duty/b"]
            let first = try await one.takeLeases(["duty/a"], holder: "one", now: Self.now, until: until)
            #expect(first == ["duty/a": .taken])
            let second = try await two.takeLeases(names, holder: "two", now: Self.now, until: until)
            #expect(second == ["duty/a": .held(by: "one", until: until), "duty/b": .taken])
            let later = Self.now.adding(seconds: 10)
            let again = try await one.takeLeases(names, holder: "one", now: later, until: later.adding(seconds: 15))
            #expect(again == ["duty/a": .taken, "duty/b": .held(by: "two", until: until)])
            // The second one's has run out by then, the first one's has not.
            let end = Self.now.adding(seconds: 16)
            let third = try await two.takeLeases(names, holder: "three", now: end, until: end.adding(seconds: 15))
            #expect(third == ["duty/a": .held(by: "one", until: Self.now.adding(seconds: 25)), "duty/b": .taken])
        }
    }

    @Test("takes a lease back from its holder alone", arguments: Store.allCases)
    func givenBack(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            let until = Self.now.adding(seconds: 15)
            _ = try await one.takeLeases(["init"], holder: "one", now: Self.now, until: until)
            try await two.giveBackLeases(["init", "unknown"], holder: "two")
            let held = try await two.takeLeases(["init"], holder: "two", now: Self.now, until: until)
            #expect(held == ["init": .held(by: "one", until: until)])
            try await one.giveBackLeases(["init"], holder: "one")
            let taken = try await two.takeLeases(["init"], holder: "two", now: Self.now, until: until)
            #expect(taken == ["init": .taken])
        }
    }

    @Test("gives a lease that many want at once to exactly one of them", arguments: Store.allCases)
    func race(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<24 {
                    let ledger = number % 2 == 0 ? one : two
                    group.addTask {
                        let outcome = try await ledger.takeLeases(
                            ["duty/x"],
                            holder: "\(number)",
                            now: Self.now,
                            until: Self.now.adding(seconds: 15)
                        )
                        return outcome["duty/x"] == .taken
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        }
    }

    // MARK: Founding

    @Test("is cleared of a founding that broke off, and never of one that was finished", arguments: Store.allCases)
    func unfinished(store: Store) async throws {
        try await store.withPair { (one, two) async throws -> Void in
            #expect(try await !one.clearUnfinishedFounding())
            let prepared = LedgerFixture.prepared()
            _ = try await one.recordIntent(prepared, at: Self.now)
            #expect(try await two.clearUnfinishedFounding())
            #expect(try await one.certificate(prepared.draft.serialNumber) == nil)
            try await one.storeSealingParameters([1, 2, 3])
            let error = await #expect(throws: EnrollmentError.self) { _ = try await two.clearUnfinishedFounding() }
            #expect(error?.rule == "founding.used")
        }
    }

    // MARK: The server

    @Test("a server says what it is like; a file has nothing to say", arguments: Store.allCases)
    func facts(store: Store) async throws {
        try await store.withPair { (one, _) async throws -> Void in
            let facts = try await one.serverFacts()
            guard store == .postgres else {
                #expect(facts == nil)
                return
            }
            let known = try #require(facts)
            #expect(known.version.first?.isNumber == true)
            #expect(!known.isStandby && !known.isReceiving && known.replayed == nil)
            #expect(known.connections > 0 && known.connections <= known.mostConnections)
            #expect(known.octets > 0)
            #expect(known.tlsVersion == nil)
            #expect(known.address == "127.0.0.1")
        }
    }
}
