internal import EnrollmentCore
internal import Ledger
internal import Synchronization
internal import Testing

@Suite("Every ledger, when issuers are rotated while others work")
struct RotationRaceTests {
    private static let old = LedgerFixture.issuer

    /// The ledgers that share a store, or the only one there is.
    private static func withLedgers(
        _ implementation: Implementation,
        _ body: ([any LedgerUnderTest]) async throws -> Void
    ) async throws {
        guard implementation == .postgres else {
            return try await implementation.withLedger { (ledger) async throws -> Void in try await body([ledger]) }
        }
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in try await body(ledgers) }
    }

    @Test("takes a step once, however many take it at the same moment", arguments: Implementation.allCases)
    func steps(implementation: Implementation) async throws {
        try await Self.withLedgers(implementation) { (ledgers) async throws -> Void in
            let ledger = ledgers[0]
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer("2027-a")
            try await ledger.take(.publish, "2027-a")
            let change = try await ledger.change(.activate, "2027-a")
            let results = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<9 {
                    group.addTask {
                        await rule { try await ledgers[number % ledgers.count].carryOut(change) }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0 == nil } == 1)
            #expect(results.count { $0 == "rotation.changed" } == 8)
            #expect(try await ledger.issuers().map(\.state) == [.active, .draining, .active])
            #expect(try await ledger.feed().map(\.event.kind) == [.trustPublished, .trustActivated])
        }
    }

    @Test("prepares one of many at the same moment", arguments: Implementation.allCases)
    func preparations(implementation: Implementation) async throws {
        try await Self.withLedgers(implementation) { (ledgers) async throws -> Void in
            try await ledgers[0].foundAuthority()
            let results = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<9 {
                    group.addTask {
                        await rule { try await ledgers[number % ledgers.count].prepareIssuer("2027-\(number % 3)") }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0 == nil } == 1)
            #expect(results.allSatisfy { $0 == nil || $0 == "rotation.next-exists" || $0 == "rotation.id" })
            #expect(try await ledgers[0].issuers().count { $0.state == .prepared } == 1)
        }
    }

    @Test("records nothing for the former issuer once another one signs", arguments: Implementation.allCases)
    func reservations(implementation: Implementation) async throws {
        try await Self.withLedgers(implementation) { (ledgers) async throws -> Void in
            try await ledgers[0].foundAuthority()
            var former = Self.old
            for round in 1...4 {
                let next = "2027-\(round)"
                try await ledgers[0].prepareIssuer(next)
                try await ledgers[0].take(.publish, next)
                let (issuer, granted) = (former, Tally())
                let (atOnce, inTheEnd) = try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<9 {
                        let ledger = ledgers[number % ledgers.count]
                        group.addTask { try await Self.reserve(by: issuer, in: ledger, granted) }
                    }
                    // In the midst of it.
                    while granted.count < 20 { await Task.yield() }
                    try await ledgers[0].take(.activate, next)
                    let atOnce = try await ledgers[0].revocableCount(of: issuer, at: LedgerFixture.start)
                    try await group.waitForAll()
                    return (atOnce, try await ledgers[0].revocableCount(of: issuer, at: LedgerFixture.start))
                }
                #expect(atOnce == inTheEnd)
                #expect(inTheEnd == granted.count)
                former = next
            }
        }
    }

    /// Reserves for devices until the issuer does not sign any more.
    private static func reserve(
        by issuer: String,
        in ledger: any LedgerUnderTest,
        _ granted: Tally
    ) async throws {
        for _ in 0..<2_000 {
            // Nothing is waited for in memory, and whoever activates has to have a turn.
            await Task.yield()
            let outcome = try await ledger.reserve(
                LedgerFixture.reservation(
                    of: LedgerFixture.user(),
                    prepared: LedgerFixture.leaf(issuer: issuer)
                )
            )
            if outcome == .issuerChanged { return }
            #expect(outcome.receipt != nil)
            granted.add()
        }
        Issue.record("the issuer never changed")
    }
}

/// Counts from several tasks.
private final class Tally: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { self.value.load(ordering: .relaxed) }

    func add() { self.value.add(1, ordering: .relaxed) }
}
