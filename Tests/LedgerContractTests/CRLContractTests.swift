internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, keeping CRLs")
struct CRLContractTests {
    private static let start = LedgerFixture.start
    private static let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 3)
    private static let digest = LedgerFixture.octets(32)

    /// Revokes a fresh certificate of the shard.
    @discardableResult
    private static func revokeOne(
        in ledger: any LedgerUnderTest,
        shard: Int = 3,
        days: Int = 365,
        _ reason: RevocationReason = .keyCompromise,
        at moment: Timestamp = start
    ) async throws -> SerialNumber {
        let prepared = LedgerFixture.prepared(shard: shard, days: days)
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user(), prepared: prepared)
        let serial = try #require(try await ledger.enroll(reservation)).serialNumber
        _ = try await ledger.revoke(LedgerFixture.order([serial], reason, at: moment))
        return serial
    }

    // MARK: Shards

    @Test("knows the shards that were announced, in order, once", arguments: Implementation.allCases)
    func announced(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.shards() == [])
            let outcome =
                try await ledger
                .takeTurn(at: Self.shard, holder: "one", now: Self.start, until: Self.start.adding(seconds: 60))
            #expect(outcome == .unknownShard)
            let shards = [CRLShard(issuerID: "b", number: 0)] + (0..<11).map { CRLShard(issuerID: "a", number: $0) }
            try await ledger.announce(shards)
            try await ledger.announce(shards.reversed())
            let expected = Array(shards.dropFirst()) + [shards[0]]
            #expect(
                try await ledger.shards()
                    == expected.map { CRLStanding(shard: $0, published: nil, waitingSince: nil) }
            )
        }
    }

    @Test("makes a shard known by the first revocation in it", arguments: Implementation.allCases)
    func known(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await Self.revokeOne(in: ledger)
            #expect(
                try await ledger.shards()
                    == [CRLStanding(shard: Self.shard, published: nil, waitingSince: Self.start)]
            )
        }
    }

    @Test("tells since when a shard's CRL lags behind", arguments: Implementation.allCases)
    func waiting(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let other = CRLShard(issuerID: LedgerFixture.issuer, number: 4)
            try await ledger.announce([Self.shard, other])
            func waiting() async throws -> [Timestamp?] { try await ledger.shards().map(\.waitingSince) }
            #expect(try await waiting() == [nil, nil])
            let moments = (0..<4).map { Self.start.adding(seconds: Int64($0)) }
            for moment in moments[..<2] { try await Self.revokeOne(in: ledger, at: moment) }
            #expect(try await waiting() == [moments[0], nil])
            let turn = try await ledger.turn(at: Self.shard)
            #expect(turn.through == 2)
            // Comes too late for what the turn promises to show.
            try await Self.revokeOne(in: ledger, at: moments[2])
            try await ledger.record(turn, toBeSignedDigest: Self.digest, at: moments[2])
            try await ledger.publish(LedgerFixture.crl(by: turn, at: moments[2]), by: turn, at: moments[2])
            #expect(try await waiting() == [moments[2], nil])
            try await ledger.makeCRL(of: Self.shard, at: moments[3])
            #expect(try await waiting() == [nil, nil])
        }
    }

    // MARK: Turns

    @Test(
        "gives a turn to one holder until it ends, is given back or is the holder's own",
        arguments: Implementation.allCases
    )
    func lease(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let neighbor = CRLShard(issuerID: LedgerFixture.issuer, number: 4)
            try await ledger.announce([Self.shard, neighbor])
            let end = Self.start.adding(seconds: 60)
            func take(_ holder: String, at now: Timestamp) async throws -> CRLTurnOutcome {
                try await ledger.takeTurn(at: Self.shard, holder: holder, now: now, until: now.adding(seconds: 60))
            }
            #expect(try await take("one", at: Self.start).turn?.number == 1)
            #expect(try await take("two", at: Self.start) == .leased(by: "one", until: end))
            #expect(try await ledger.turn(at: neighbor, holder: "two").number == 1)
            let last = Timestamp(microseconds: end.microseconds - 1)
            #expect(try await take("two", at: last) == .leased(by: "one", until: end))
            #expect(try await take("one", at: Self.start).turn?.number == 2)
            let turn = try #require(try await take("two", at: end).turn)
            #expect(turn == CRLTurn(shard: Self.shard, holder: "two", number: 3, through: 0, previousUpdate: nil))
            #expect(try await take("one", at: end) == .leased(by: "two", until: end.adding(seconds: 60)))
            try await ledger.record(turn, toBeSignedDigest: Self.digest, at: end)
            try await ledger.publish(LedgerFixture.crl(by: turn, at: end), by: turn, at: end)
            let next = try #require(try await take("one", at: end).turn)
            #expect(next.number == 4)
            #expect(next.previousUpdate == end)
        }
    }

    @Test("does not wait for years for a lease of a clock that was put back", arguments: Implementation.allCases)
    func clock(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.announce([Self.shard])
            let wrong = Self.start.adding(days: 400)
            #expect(try await ledger.turn(at: Self.shard, holder: "one", now: wrong).number == 1)
            #expect(try await ledger.turn(at: Self.shard, holder: "two", now: Self.start).number == 2)
        }
    }

    @Test("gives of many who ask at once the turn to one", arguments: Implementation.allCases)
    func race(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.announce([Self.shard])
            let end = Self.start.adding(seconds: 60)
            let turns = try await withThrowingTaskGroup(of: CRLTurn?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await ledger
                            .takeTurn(at: Self.shard, holder: "holder-\(number)", now: Self.start, until: end).turn
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(turns.compactMap { $0?.number } == [1])
        }
    }

    // MARK: Making one

    @Test("publishes what was recorded, with all its facts", arguments: Implementation.allCases)
    func publish(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.announce([Self.shard])
            #expect(try await ledger.crl(of: Self.shard) == nil)
            var former: PublishedCRL?
            for number in 1...4 as ClosedRange<Int64> {
                let now = Self.start.adding(seconds: number)
                let turn = try await ledger.turn(at: Self.shard, now: now)
                #expect(turn.number == number)
                #expect(turn.previousUpdate == former?.facts.thisUpdate)
                try await ledger.record(turn, toBeSignedDigest: Self.digest, at: now)
                #expect(try await ledger.crl(of: Self.shard) == former)
                let crl = LedgerFixture.crl(by: turn, at: now, entries: 5)
                try await ledger.publish(crl, by: turn, at: now)
                #expect(try await ledger.crl(of: Self.shard) == crl)
                #expect(try await ledger.shards().map(\.published) == [crl.facts])
                former = crl
            }
        }
    }

    @Test(
        "takes nothing that was not recorded first, or was recorded as something else",
        arguments: Implementation.allCases
    )
    func unrecorded(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.announce([Self.shard])
            let turn = try await ledger.turn(at: Self.shard)
            let crl = LedgerFixture.crl(by: turn, at: Self.start)
            #expect(await rule { try await ledger.publish(crl, by: turn, at: Self.start) } == "crl.turn")
            try await ledger.record(turn, toBeSignedDigest: Self.digest, at: Self.start)
            try await ledger.record(turn, toBeSignedDigest: Self.digest, at: Self.start)
            let other = LedgerFixture.octets(32)
            #expect(
                await rule { try await ledger.record(turn, toBeSignedDigest: other, at: Self.start) } == "crl.turn"
            )
            let foreign = CRLTurn(
                shard: Self.shard,
                holder: turn.holder,
                number: turn.number + 1,
                through: turn.through + 1,
                previousUpdate: nil
            )
            let strange = LedgerFixture.crl(by: foreign, at: Self.start)
            #expect(await rule { try await ledger.publish(strange, by: turn, at: Self.start) } == "crl.turn")
            #expect(await rule { try await ledger.publish(strange, by: foreign, at: Self.start) } == "crl.turn")
            #expect(try await ledger.crl(of: Self.shard) == nil)
            try await ledger.publish(crl, by: turn, at: Self.start)
            #expect(await rule { try await ledger.publish(crl, by: turn, at: Self.start) } == "crl.turn")
        }
    }

    @Test("takes nothing from who lost the turn, however far they were", arguments: Implementation.allCases)
    func lost(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.announce([Self.shard])
            // Another holder after the lease ran out, and the same one that begins anew.
            for successor in ["two", "one"] {
                for isRecorded in [false, true] {
                    let now = Self.start.adding(days: 1)
                    let turn = try await ledger.turn(at: Self.shard, holder: "one", now: Self.start)
                    if isRecorded { try await ledger.record(turn, toBeSignedDigest: Self.digest, at: now) }
                    let before = try await ledger.crl(of: Self.shard)
                    let next = try await ledger.turn(at: Self.shard, holder: successor, now: now)
                    #expect(next.number == turn.number + 1)
                    let late = LedgerFixture.crl(by: turn, at: now)
                    #expect(
                        await rule { try await ledger.record(turn, toBeSignedDigest: Self.digest, at: now) }
                            == "crl.turn"
                    )
                    #expect(await rule { try await ledger.publish(late, by: turn, at: now) } == "crl.turn")
                    #expect(try await ledger.crl(of: Self.shard) == before)
                    try await ledger.record(next, toBeSignedDigest: Self.digest, at: now)
                    let crl = LedgerFixture.crl(by: next, at: now)
                    try await ledger.publish(crl, by: next, at: now)
                    #expect(await rule { try await ledger.publish(late, by: turn, at: now) } == "crl.turn")
                    #expect(try await ledger.crl(of: Self.shard) == crl)
                }
            }
        }
    }

    @Test("waits with a slow signature as long as nobody else takes the turn", arguments: Implementation.allCases)
    func slow(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.announce([Self.shard])
            let turn = try await ledger.turn(at: Self.shard)
            let late = Self.start.adding(seconds: 3_600)
            try await ledger.record(turn, toBeSignedDigest: Self.digest, at: late)
            try await ledger.publish(LedgerFixture.crl(by: turn, at: late), by: turn, at: late)
            #expect(try await ledger.crl(of: Self.shard) != nil)
        }
    }

    // MARK: Entries

    @Test("lists a shard's revocations by serial number, in parts", arguments: Implementation.allCases)
    func entries(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var expected: [CRLEntry] = []
            for (number, reason) in RevocationReason.allCases.enumerated() {
                let moment = Self.start.adding(seconds: Int64(number))
                let serial = try await Self.revokeOne(in: ledger, reason, at: moment)
                expected.append(CRLEntry(serialNumber: serial, revoked: moment, reason: reason))
                try await Self.revokeOne(in: ledger, shard: 4)
            }
            expected.sort { $0.serialNumber.octets.lexicographicallyPrecedes($1.serialNumber.octets) }
            var listed: [CRLEntry] = []
            while true {
                let part = try await ledger.entries(
                    of: Self.shard,
                    notEndedBefore: Self.start,
                    after: listed.last?.serialNumber,
                    limit: 4
                )
                if part.isEmpty { break }
                #expect(part.count <= 4)
                listed += part
            }
            #expect(listed == expected)
        }
    }

    @Test("lists a revocation until after its certificate's end", arguments: Implementation.allCases)
    func ended(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let serial = try await Self.revokeOne(in: ledger, days: 2)
            let end = try #require(try await ledger.certificate(serial)).notAfter
            func entries(since moment: Timestamp) async throws -> [SerialNumber] {
                try await ledger.entries(of: Self.shard, notEndedBefore: moment, after: nil, limit: 10)
                    .map(\.serialNumber)
            }
            #expect(try await entries(since: end) == [serial])
            // The CRL of this moment is the last with it, since the one before was made in the certificate's lifetime.
            #expect(try await entries(since: end.adding(seconds: 1)) == [])
        }
    }
}
