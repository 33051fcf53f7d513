internal import EnrollmentCore
internal import OpenSSLKit
internal import Testing

@testable internal import Ledger

@Suite("What a restore knows of the time after the backup")
struct RestoreLossTests {
    private static let rootShard = CRLShard(issuerID: "root-1", number: 0)
    private static let later = LedgerFixture.start.adding(days: 402)

    @Test("refuses to go on from a moment that is yet to come by this machine's clock")
    func clock() async throws {
        try await BackedUpKind.sqlite.withStore { store in
            let (image, _) = try await store.image()
            try await BackedUpKind.sqlite.withPlace { target in
                let early = await #expect(throws: EnrollmentError.self) {
                    try await image.restore(to: target.place, replacing: false, by: .now(after: -1))
                }
                #expect(early?.rule == "restore.refused")
                #expect(early?.detail.contains("clock") == true)
                _ = try await image.restore(to: target.place, replacing: false, by: .now(after: 0))
                #expect(try await target.findings() == [])
            }
        }
    }

    @Test("names an issuer whose revocation somebody has seen, and revokes its certificate again")
    func issuer() async throws {
        try await BackedUpKind.sqlite.withStore { store in
            let (image, facts) = try await store.image()
            var serial: SerialNumber?
            try await store.withLedger { ledger in
                let issuer = try #require(facts.issuers.first { $0.id == LedgerFixture.issuer })
                serial = try await ledger.certificate(thumbprint: try Digest.sha256(issuer.certificate))?.serialNumber
            }
            let revoked = try #require(serial)
            let list = SeenCRL(
                shard: Self.rootShard,
                number: 3,
                thisUpdate: LedgerFixture.start,
                entries: [.init(serialNumber: revoked, reason: .cACompromise)]
            )
            let loss = try await image.loss(bySeen: [(list, "a cache")])
            #expect(loss.issuers == ["2026-a was revoked by root-1 (cACompromise), and is active in the backup"])
            #expect(loss.revocations == [revoked: .cACompromise])
            try await BackedUpKind.sqlite.withPlace { target in
                let outcome = try await image.restore(to: target.place, replacing: false, by: .now(loss))
                #expect(outcome.revoked == 1)
            }
            // By the store that went on, too.
            try await store.withLedger { _ = try await $0.revoke(LedgerFixture.order([revoked], .cACompromise)) }
            #expect(try await image.loss(by: store.place).issuers == loss.issuers)
        }
    }

    @Test(
        "revokes tokens again and takes permits back that the store there shows as ended",
        arguments: BackedUpKind.allCases
    )
    func access(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            let (image, _) = try await store.image()
            let open = try await image.openAccess(at: LedgerFixture.start.adding(days: 301))
            #expect(open.tokens == 1)
            #expect(open.permits == 1)
            #expect(try await image.openAccess(at: LedgerFixture.start.adding(days: 2_000)).isNone)
            #expect(try await image.loss(by: store.place).isNone)

            var device: DeviceID?
            try await store.withLedger { ledger in
                let revocation = try await ledger.revokeToken(
                    "01ABCDEFGHJK",
                    by: LedgerFixture.act(.revokeToken, at: Self.later)
                )
                #expect(revocation?.isNew == true)
                device = try await ledger.devices(DeviceQuery(limit: 100)).elements
                    .first { $0.state == .reset }?.device
                let order = LedgerFixture.order(.retire, try #require(device), at: Self.later)
                _ = try await ledger.retire(order)
            }
            let loss = try await image.loss(by: store.place)
            #expect(loss.tokens == ["01ABCDEFGHJK"])
            #expect(loss.permits.count == 1)
            #expect(!loss.isNone)

            let outcome = try await image.restore(to: store.place, replacing: true, by: .now(loss))
            #expect(outcome.tokens == 1)
            #expect(outcome.permits == 1)
            #expect(try await store.findings() == [])
            try await store.withLedger { ledger in
                let tokens = try await ledger.validTokens(at: LedgerFixture.start.adding(days: 301))
                #expect(tokens.isEmpty)
                let permits = try await ledger.permits(of: try #require(device), at: LedgerFixture.start)
                #expect(permits.allSatisfy { $0.usedFor != nil })
            }
        }
    }

    @Test(
        "shows the newest CRL of a root whose key is elsewhere, by the store that is there or by one that was seen",
        arguments: BackedUpKind.allCases
    )
    func offlineRoot(kind: BackedUpKind) async throws {
        try await kind.withStore { store in
            var first: PublishedCRL?
            var second: PublishedCRL?
            try await store.withLedger { ledger in
                try await ledger.announce([Self.rootShard])
                first = try await ledger.makeCRL(of: Self.rootShard, at: LedgerFixture.start.adding(days: 300))
            }
            let (image, _) = try await store.image()
            try await store.withLedger { ledger in
                second = try await ledger.makeCRL(of: Self.rootShard, at: Self.later)
            }
            let newest = try #require(second)
            let seen = SeenCRL(
                shard: Self.rootShard,
                number: 9,
                thisUpdate: Self.later,
                entries: [],
                document: SeenCRL.Document(
                    der: LedgerFixture.octets(400),
                    thumbprint: LedgerFixture.octets(32),
                    toBeSignedDigest: LedgerFixture.octets(32),
                    nextUpdate: Self.later.adding(days: 90)
                )
            )
            let old = SeenCRL(
                shard: Self.rootShard,
                number: try #require(first).facts.number,
                thisUpdate: Self.later,
                entries: [],
                document: seen.document
            )
            // One as old as the backup's says nothing, and those whose key is here are made anew.
            #expect(try await image.loss(bySeen: [(old, "old")]).lists.isEmpty)
            let own = SeenCRL(
                shard: CRLShard(issuerID: LedgerFixture.issuer, number: 3),
                number: 99,
                thisUpdate: Self.later,
                entries: [],
                document: seen.document
            )
            #expect(try await image.loss(bySeen: [(own, "own")]).lists.isEmpty)
            let bySeen = try await image.loss(bySeen: [(seen, "a cache"), (old, "old")])
            #expect(bySeen.lists.mapValues(\.number) == [Self.rootShard: 9])
            let byStore = try await image.loss(by: store.place)
            #expect(byStore.lists.mapValues(\.number) == [Self.rootShard: newest.facts.number])
            var both = byStore
            both.add(bySeen)
            #expect(both.lists[Self.rootShard]?.number == 9)

            try await BackedUpKind.sqlite.withPlace { target in
                let outcome = try await image.restore(to: target.place, replacing: false, by: .now(both))
                #expect(outcome.lists == [Self.rootShard: 9])
                try await target.withLedger { ledger in
                    let shown = try await ledger.crl(of: Self.rootShard)
                    #expect(shown?.der == seen.document?.der)
                }
                #expect(try await target.findings() == [])
            }
            let outcome = try await image.restore(to: store.place, replacing: true, by: .now(byStore))
            #expect(outcome.lists == [Self.rootShard: newest.facts.number])
            #expect(try await store.findings() == [])
            try await store.withLedger { ledger in
                let shown = try #require(try await ledger.crl(of: Self.rootShard))
                #expect(shown.der == newest.der)
                #expect(shown.facts.nextUpdate == newest.facts.nextUpdate)
                let turn = try await ledger.turn(at: Self.rootShard, now: Self.later)
                #expect(turn.number > newest.facts.number + 3_600)
                #expect(turn.previousUpdate == newest.facts.thisUpdate)
            }
        }
    }
}
