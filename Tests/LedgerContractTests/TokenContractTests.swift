internal import EnrollmentCore
internal import Testing

@Suite("Every ledger's tokens")
struct TokenContractTests {
    private static func token(
        _ name: String,
        scopes: Set<APIScope> = [.readEvents, .writeHandOff],
        days: Int = 90
    ) -> APIToken {
        APIToken(
            id: String(Hexadecimal.encode(LedgerFixture.octets(6)).uppercased()),
            digest: LedgerFixture.octets(32),
            name: name,
            owner: "platform team",
            scopes: scopes,
            created: LedgerFixture.start,
            expires: LedgerFixture.start.adding(days: days)
        )
    }

    @Test("are found as they were made, the newest first", arguments: Implementation.allCases)
    func list(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let tokens = [
                Self.token("one"), Self.token("two", scopes: Set(APIScope.allCases)), Self.token("three", days: 1),
            ]
            for token in tokens {
                let act = LedgerFixture.act(.createToken, at: LedgerFixture.start)
                try await ledger.insert(token, by: act)
                #expect(try await ledger.act(act.traceID)?.act == act)
            }
            #expect(try await ledger.tokens(after: nil, limit: 9).elements == tokens.reversed())
            let page = try await ledger.tokens(after: nil, limit: 2)
            #expect(page.elements == [tokens[2], tokens[1]])
            let rest = try await ledger.tokens(after: page.next, limit: 2)
            #expect(rest.elements == [tokens[0]])
            #expect(rest.next == nil)
            #expect(try await ledger.validTokens(at: LedgerFixture.later(5)) == tokens)
            let tomorrow = LedgerFixture.start.adding(days: 1)
            #expect(try await ledger.validTokens(at: tomorrow) == [tokens[0], tokens[1]])
        }
    }

    @Test("have a name that no other valid one has", arguments: Implementation.allCases)
    func names(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = Self.token("mdm", days: 2)
            func insert(_ token: APIToken, day: Int) async -> String? {
                let act = LedgerFixture.act(.createToken, at: LedgerFixture.start.adding(days: day))
                return await rule { try await ledger.insert(token, by: act) }
            }
            #expect(await insert(first, day: 0) == nil)
            #expect(await insert(Self.token("mdm"), day: 1) == "token.name")
            #expect(await insert(Self.token("other"), day: 1) == nil)
            #expect(await insert(Self.token("mdm"), day: 2) == nil)
            _ = try await ledger.revokeToken(
                "mdm",
                by: LedgerFixture.act(.revokeToken, at: LedgerFixture.start.adding(days: 3))
            )
            #expect(await insert(Self.token("mdm"), day: 3) == nil)
            #expect(try await ledger.tokens(after: nil, limit: 9).elements.count == 4)
        }
    }

    @Test("end by id or by name, and once", arguments: Implementation.allCases)
    func revocation(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (one, two) = (Self.token("one"), Self.token("two"))
            for token in [one, two] { try await ledger.insert(token, by: LedgerFixture.act(.createToken)) }
            let act = LedgerFixture.act(.revokeToken)
            let ended = try #require(try await ledger.revokeToken(one.id, by: act))
            #expect(ended.isNew)
            #expect(ended.token.id == one.id)
            #expect(ended.token.revoked == act.time)
            #expect(try await ledger.act(act.traceID)?.act == act)
            let later = LedgerFixture.act(.revokeToken, at: LedgerFixture.start.adding(days: 2))
            let again = try #require(try await ledger.revokeToken(one.id, by: later))
            #expect(!again.isNew)
            #expect(again.token.revoked == act.time)
            #expect(try await ledger.act(later.traceID) == nil)
            // Its name is nobody's any more.
            #expect(try await ledger.revokeToken("one", by: later) == nil)
            #expect(try await ledger.revokeToken("nobody", by: later) == nil)
            #expect(try await ledger.revokeToken("two", by: later)?.token.id == two.id)
            #expect(try await ledger.validTokens(at: LedgerFixture.start) == [])
        }
    }

    @Test("remember to the hour when they were used", arguments: Implementation.allCases)
    func use(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let token = Self.token("one")
            try await ledger.insert(token, by: LedgerFixture.act(.createToken))
            func used(after seconds: Int64) async throws -> Timestamp? {
                try await ledger.touchToken(token.id, at: LedgerFixture.later(seconds))
                return try await ledger.tokens(after: nil, limit: 1).elements.first?.lastUsed
            }
            #expect(try await used(after: 10) == LedgerFixture.later(10))
            #expect(try await used(after: 3_609) == LedgerFixture.later(10))
            #expect(try await used(after: 3_610) == LedgerFixture.later(3_610))
            #expect(try await used(after: 5) == LedgerFixture.later(3_610))
            try await ledger.touchToken("nobody", at: LedgerFixture.start)
        }
    }
}
