import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("CRL publisher", .timeLimit(.minutes(25)))
struct CRLPublisherTests {
    private static func serial(_ index: Int, shard: UInt8 = 0) -> SerialNumber {
        let random = (0..<15).map { UInt8(truncatingIfNeeded: index >> ($0 % 4 * 8)) ^ UInt8($0) }
        return SerialNumber(node: 1, random: random + [shard])
    }

    private static let shard = CRLShard(issuerID: "2026-a", number: 0)

    @Test("every shard of every issuer has a CRL that breaks no rule, from the first round on")
    func first() async throws {
        let rig = try await RevocationRig()
        let round = try await rig.publisher.publishDue()
        #expect(round.failures.isEmpty)
        #expect(round.published.count == 8)
        #expect(round.published.allSatisfy { $0.reason == .first && $0.facts.number == 1 })
        for (id, der) in [("root-2026", rig.founding.result.root.der), ("2026-a", rig.founding.result.issuer.der)] {
            for number in 0..<4 {
                let shard = CRLShard(issuerID: id, number: number)
                let crl = try #require(try await rig.book.crl(of: shard))
                let findings = RevocationListLint.findings(
                    in: crl.der,
                    issuer: try Certificate(der: der),
                    distributionPoint: "http://pki.contoso.example/pki/crl/\(id)/\(number).crl"
                )
                #expect(findings == [])
                #expect(crl.facts.thumbprint == (try Digest.sha256(crl.der)))
                #expect(crl.facts.octetCount == crl.der.count)
                #expect(crl.facts.thisUpdate == rig.clock.now)
                #expect(crl.facts.nextUpdate == rig.clock.now.adding(days: 1))
            }
        }
        #expect(try await rig.publisher.publishDue().published.isEmpty)
    }

    @Test("what is signed is what was recorded before")
    func recorded() async throws {
        let rig = try await RevocationRig()
        _ = try await rig.publisher.publishDue()
        let crl = try #require(try await rig.book.crl(of: Self.shard))
        let list = try CertificateRevocationList(der: crl.der)
        let recorded = rig.book.with { $0.shards[Self.shard]?.recorded[1] }
        #expect(try Digest.sha256(list.toBeSigned) == recorded)
    }

    @Test("a revocation is on its shard's next CRL, gathered with others for ten seconds, and on no other")
    func change() async throws {
        let rig = try await RevocationRig()
        _ = try await rig.publisher.publishDue()
        for index in 0..<3 {
            rig.book.issue(Self.serial(index), by: "2026-a", until: rig.clock.now.adding(days: 300))
            rig.clock.advance(seconds: 3)
            rig.book.set(.keyCompromise, of: Self.serial(index), at: rig.clock.now)
            #expect(try await rig.publisher.publishDue().published.isEmpty)
        }
        rig.clock.advance(seconds: 4)
        let round = try await rig.publisher.publishDue()
        #expect(round.published.map(\.shard) == [Self.shard])
        #expect(round.published.map(\.reason) == [.change])
        #expect(round.published.map(\.facts.entryCount) == [3])
        #expect(round.published.map(\.facts.number) == [2])
        rig.clock.advance(seconds: 60)
        #expect(try await rig.publisher.publishDue().published.isEmpty)
    }

    @Test("a revocation that a clock dated ahead is on the CRL at once, as of now")
    func datedAhead() async throws {
        let rig = try await RevocationRig()
        _ = try await rig.publisher.publishDue()
        let serial = Self.serial(1)
        rig.book.issue(serial, by: "2026-a", until: rig.clock.now.adding(days: 300))
        rig.book.set(.keyCompromise, of: serial, at: rig.clock.now.adding(days: 30))
        rig.clock.advance(seconds: 10)
        let round = try await rig.publisher.publishDue()
        #expect(round.failures.map(\.error.rule) == [])
        #expect(round.published.map(\.shard) == [Self.shard])
        let crl = try #require(try await rig.book.crl(of: Self.shard))
        var entries = try CertificateRevocationList(der: crl.der).entries.reader()
        #expect(try entries.next()?.revokedAt == rig.clock.now.seconds)
    }

    @Test("an entry leaves after one CRL past its certificate's end")
    func leaving() async throws {
        let rig = try await RevocationRig()
        let serial = Self.serial(1)
        rig.book.issue(serial, by: "2026-a", until: rig.clock.now.adding(seconds: 3_600))
        rig.book.set(.superseded, of: serial, at: rig.clock.now)
        var counts: [Int] = []
        for _ in 0..<4 {
            _ = try await rig.publisher.publishDue()
            counts.append(try #require(try await rig.book.crl(of: Self.shard)).facts.entryCount)
            rig.clock.advance(seconds: 6 * 3_600)
        }
        // Valid when the first was made; ended before the second, which still lists it.
        #expect(counts == [1, 1, 0, 0])
    }

    @Test("a shard that another process is at is left to it, until its lease has ended")
    func lease() async throws {
        let rig = try await RevocationRig()
        _ = try await rig.publisher.publishDue()
        let until = rig.clock.now.adding(seconds: 6 * 3_600 + 30)
        rig.book.with { $0.shards[Self.shard]?.lease = ("another", until) }
        rig.clock.advance(seconds: 6 * 3_600)
        let round = try await rig.publisher.publishDue()
        #expect(round.leased == [Self.shard])
        #expect(round.published.count == 7)
        rig.clock.advance(seconds: 31)
        #expect(try await rig.publisher.publishDue().published.map(\.shard) == [Self.shard])
    }

    @Test("a crash between number and publication costs the number and nothing else")
    func crash() async throws {
        let rig = try await RevocationRig()
        _ = try await rig.publisher.publishDue()
        rig.clock.advance(seconds: 6 * 3_600)
        rig.book.with { $0.failsToPublish = true }
        let round = try await rig.publisher.publishDue()
        #expect(round.failures.count == 8)
        #expect(round.failures.allSatisfy { $0.error.rule == "ledger.store" })
        #expect(try await rig.book.crl(of: Self.shard)?.facts.number == 1)
        rig.book.with { $0.failsToPublish = false }
        // Another process takes over when the lease of the one that is gone has ended.
        let other = RevocationRig.publisher(rig.book, rig.keys, rig.clock, holder: "two")
        #expect(try await other.publishDue().leased.count == 8)
        rig.clock.advance(seconds: 61)
        #expect(try await other.publishDue().published.count == 8)
        let crl = try #require(try await rig.book.crl(of: Self.shard))
        #expect(crl.facts.number == 3)
        #expect(try CertificateRevocationList(der: crl.der).ownNumber() == 3)
    }

    @Test("of two processes that race for a shard the older number never comes last")
    func race() async throws {
        let rig = try await RevocationRig()
        _ = try await rig.publisher.publishDue()
        let now = rig.clock.now
        guard case .turn(let early) = try await rig.book.takeTurn(at: Self.shard, holder: "slow", now: now, until: now),
            let present = try await rig.book.crl(of: Self.shard)
        else { Issue.record("no turn"); return }
        rig.clock.advance(seconds: 6 * 3_600)
        _ = try await rig.publisher.publishDue()
        let error = await #expect(throws: EnrollmentError.self) {
            try await rig.book.publish(present, by: early, at: rig.clock.now)
        }
        #expect(error?.rule == "crl.turn")
        #expect(try await rig.book.crl(of: Self.shard)?.facts.number == 3)
    }

    @Test("a clock that is set back makes new CRLs, with higher numbers, and loses no entry")
    func clockSetBack() async throws {
        let rig = try await RevocationRig()
        let serial = Self.serial(1)
        rig.book.issue(serial, by: "2026-a", until: rig.clock.now.adding(seconds: 600))
        rig.book.set(.superseded, of: serial, at: rig.clock.now)
        rig.clock.advance(seconds: 86_400)
        _ = try await rig.publisher.publishDue()
        rig.clock.advance(seconds: -86_400)
        let round = try await rig.publisher.publishDue()
        #expect(round.published.count == 8)
        #expect(round.published.allSatisfy { $0.reason == .clock && $0.facts.number == 2 })
        #expect(try await rig.book.crl(of: Self.shard)?.facts.entryCount == 1)
    }

    @Test("thousands of entries come in pages and are all there")
    func many() async throws {
        let rig = try await RevocationRig()
        let (now, end) = (rig.clock.now, rig.clock.now.adding(days: 300))
        rig.book.with { state in
            for index in 0..<20_000 {
                let serial = Self.serial(index)
                let revocation = Revocation(serialNumber: serial, issuerID: "2026-a", reason: .superseded, revoked: now)
                state.lines[serial] = .init(shard: Self.shard, notAfter: end, revocation: revocation)
            }
        }
        try await rig.book.announce([Self.shard])
        let standing = CRLStanding(shard: Self.shard, published: nil, waitingSince: nil)
        guard case .published(let facts) = try await rig.publisher.publish(standing) else {
            Issue.record("not published")
            return
        }
        #expect(facts.entryCount == 20_000)
        #expect(facts.octetCount > 1_000_000)
    }

    @Test("a store that is away ends the round with its error")
    func away() async throws {
        let rig = try await RevocationRig()
        rig.book.with { $0.isAway = true }
        let error = await #expect(throws: EnrollmentError.self) { try await rig.publisher.publishDue() }
        #expect(error?.code == .inMaintenance)
    }

    @Test(
        "CRLs of every kind of key convince openssl: good, revoked and held certificates",
        arguments: AuthorityFounderTests.algorithms
    )
    func openssl(_ kinds: [KeyType]) async throws {
        let founding = try await SharedFoundings.all.founding(root: kinds[0], issuer: kinds[1], server: kinds[2])
        let rig = try await RevocationRig(founding)
        let judges = try OutsideJudges()
        let device = try await rig.device()
        let issuer = rig.founding.result.issuer
        for (reason, expected) in [
            (nil, nil), (.certificateHold, "certificate revoked"), (nil, nil), (.keyCompromise, "certificate revoked"),
        ] as [(RevocationReason?, String?)] {
            rig.book.set(reason, of: device.serialNumber, at: StoppedClock().now)
            rig.clock.advance(seconds: 11)
            #expect(try await rig.publisher.publishDue().failures.isEmpty)
            let crl = try #require(try await rig.crl(of: device.serialNumber))
            let outcome = try await judges.verify(
                device.der,
                root: rig.founding.result.root.der,
                untrusted: issuer.der,
                crl: crl.der,
                at: rig.clock.now
            )
            #expect((outcome.status == 0) == (expected == nil), "\(outcome.output)")
            if let expected { #expect(outcome.output.contains(expected)) }
            let shown = try await judges.showCRL(crl.der, issuer: issuer.der)
            #expect(shown.status == 0)
            #expect(shown.output.contains("verify OK"), "\(shown.output)")
            #expect(shown.output.contains("Issuing Distribution Point: critical"))
        }
        // The issuing authority itself, by its root's CRL; and a CRL of another shard says nothing about it.
        let number = Founding.addresses.shard(of: issuer.serialNumber)
        for (offset, status) in [(0, 0), (1, 2)] as [(Int, Int32)] {
            let shard = CRLShard(issuerID: "root-2026", number: (number + offset) % 4)
            let crl = try #require(try await rig.book.crl(of: shard))
            let root = rig.founding.result.root.der
            let outcome = try await judges.verify(
                issuer.der,
                root: root,
                untrusted: nil,
                crl: crl.der,
                at: rig.clock.now
            )
            #expect(outcome.status == status, "\(outcome.output)")
        }
    }

    @Test(
        "the CRL linter finds no error, in CRLs with entries and without",
        .enabled(if: OutsideJudges.linter != nil, "Scripts/setup installs the linter"),
        arguments: AuthorityFounderTests.algorithms
    )
    func linted(_ kinds: [KeyType]) async throws {
        let founding = try await SharedFoundings.all.founding(root: kinds[0], issuer: kinds[1], server: kinds[2])
        let rig = try await RevocationRig(founding)
        let judges = try OutsideJudges()
        for (index, reason) in RevocationReason.allCases.enumerated() {
            rig.book.issue(Self.serial(index), by: "2026-a", until: rig.clock.now.adding(days: 300))
            rig.book.set(reason, of: Self.serial(index), at: rig.clock.now.adding(seconds: -60))
        }
        _ = try await rig.publisher.publishDue()
        for (id, type) in [("2026-a", "CRL"), ("root-2026", "ARL")] {
            let crl = try #require(try await rig.book.crl(of: CRLShard(issuerID: id, number: 0)))
            #expect(crl.facts.entryCount == (id == "2026-a" ? RevocationReason.allCases.count : 0))
            #expect(try await judges.lint(crl.der, by: "lint_crl", ["-t", type, "-p", "PKIX"]) == [])
        }
    }
}
