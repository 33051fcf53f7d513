internal import EnrollmentCore
internal import Foundation
internal import Testing

@Suite("Every ledger, when issuers are rotated")
struct RotationContractTests {
    private static let old = LedgerFixture.issuer
    private static let new = "2027-a"

    private static func day(_ number: Int) -> Timestamp { LedgerFixture.start.adding(days: number) }

    // MARK: The way through

    @Test(
        "moves an issuer into its place and the former one out of it, with the moments",
        arguments: Implementation.allCases
    )
    func moves(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let preparing = LedgerFixture.act(.prepareIssuer)
            let serial = try await ledger.prepareIssuer(Self.new, by: preparing, at: Self.day(1))
            let prepared = try await ledger.issuer(Self.new)
            #expect(prepared.state == .prepared)
            #expect(prepared.moments == IssuerRecord.Moments())
            #expect(try await ledger.certificate(serial)?.state == .issued)
            let record = try #require(try await ledger.act(preparing.traceID))
            #expect(record.act == preparing)
            #expect(record.facts.contains(Fact("issuer", Self.new)))

            try await ledger.take(.publish, Self.new, at: Self.day(2))
            #expect(try await ledger.issuer(Self.new).state == .published)
            let act = try await ledger.take(.activate, Self.new, at: Self.day(3))
            let active = try await ledger.issuer(Self.new)
            #expect(active.state == .active)
            #expect(active.moments == IssuerRecord.Moments(published: Self.day(2), activated: Self.day(3)))
            #expect(active.key == prepared.key)
            let former = try await ledger.issuer(Self.old)
            #expect(former.state == .draining)
            #expect(former.moments.deposed == Self.day(3))
            #expect(former.moments.ended == nil)
            #expect(
                try await ledger.act(act.traceID)?.facts == [
                    Fact("issuer", Self.new), Fact("move", "2027-a from published to active"),
                    Fact("move", "2026-a from active to draining"),
                ]
            )

            let feed = try await ledger.feed()
            #expect(feed.map(\.event.kind) == [.trustPublished, .trustActivated])
            #expect(feed.map(\.subject) == [Self.new, Self.new])
            #expect(feed.allSatisfy { $0.event.device == nil && $0.event.generation == 0 })
            #expect(feed.last?.act == act)
            let told = try #require(feed.last.flatMap { IssuerAnnouncement(details: $0.details) })
            #expect(told.id == Self.new)
            #expect(told.certificate == Data(active.certificate).base64EncodedString())
        }
    }

    @Test(
        "takes back what was published, without its key and with its certificate revoked",
        arguments: Implementation.allCases
    )
    func abort(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let serial = try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.abort, Self.new, at: Self.day(2))
            let issuer = try await ledger.issuer(Self.new)
            #expect(issuer.state == .aborted)
            #expect(issuer.key == .destroyed)
            #expect(issuer.key.octets == [])
            #expect(issuer.moments.ended == Self.day(2))
            #expect(try await ledger.certificate(serial)?.state == .revoked)
            let revocation = try #require(try await ledger.revocation(of: serial))
            #expect(revocation.reason == .cessationOfOperation)
            #expect(revocation.issuerID == LedgerFixture.root)
            let waiting = try await ledger.shards().filter { $0.waitingSince != nil }.map(\.shard)
            #expect(waiting == [CRLShard(issuerID: LedgerFixture.root, number: 0)])
            #expect(try await ledger.feed().map(\.event.kind) == [.trustPublished, .trustRetired])

            // The place is free, the id is not.
            #expect(await rule { try await ledger.prepareIssuer(Self.new) } == "rotation.id")
            try await ledger.prepareIssuer("2027-b")
            try await ledger.take(.abort, "2027-b")
            // Nobody had been told.
            #expect(try await ledger.feed().count == 2)
        }
    }

    @Test("puts a successor in a compromised issuer's place in one step", arguments: Implementation.allCases)
    func compromise(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.compromise, Self.old, at: Self.day(4))
            let former = try await ledger.issuer(Self.old)
            #expect(former.state == .compromised)
            #expect(former.moments.deposed == Self.day(4))
            #expect(former.moments.ended == Self.day(4))
            // Its last CRLs are still to be signed.
            #expect(former.key != .destroyed)
            #expect(try await ledger.issuer(Self.new).state == .active)
            let own = try await ledger.certificates(CertificateQuery(state: .revoked)).elements
            #expect(own.map(\.der) == [former.certificate])
            #expect(own.first?.reason == RevocationReason.cACompromise.name)
            #expect(try await ledger.feed().map(\.event.kind) == [.trustPublished, .trustRetired, .trustActivated])
        }
    }

    @Test("adds the facts of an act's later steps to its record", arguments: Implementation.allCases)
    func oneAct(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let act = LedgerFixture.act(.compromiseIssuer, at: Self.day(1))
            try await ledger.prepareIssuer(Self.new, by: act)
            for verb in [RotationVerb.publish, .activate] {
                try await ledger.carryOut(try await ledger.change(verb, Self.new), by: act)
            }
            let record = try #require(try await ledger.act(act.traceID))
            #expect(record.act == act)
            #expect(record.facts.count { $0.name == "issuer" } == 3)
            #expect(record.facts.count { $0.name == "move" } == 3)
        }
    }

    @Test("does nothing, and records nothing, when there is nothing to do", arguments: Implementation.allCases)
    func nothing(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let act = try await ledger.carryOut(RotationChange(verb: .publish, id: Self.old, moves: []))
            #expect(try await ledger.act(act.traceID) == nil)
        }
    }

    // MARK: Rehearsing

    @Test("rehearses a step, and leaves nothing of it", arguments: Implementation.allCases)
    func rehearsal(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let serial = try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            let before = try await ledger.issuers()
            let newest = try await ledger.newestChange()
            for (verb, id) in [(RotationVerb.activate, Self.new), (.abort, Self.new), (.compromise, Self.old)] {
                let change = try await ledger.change(verb, id)
                let act = LedgerFixture.act(.activateIssuer)
                let announcements = try LedgerFixture.announcements(of: change, among: before)
                try await ledger.rehearse(change, announcing: announcements, by: act)
                #expect(try await ledger.issuers() == before)
                #expect(try await ledger.act(act.traceID) == nil)
            }
            #expect(try await ledger.feed().count == 1)
            #expect(try await ledger.newestChange() == newest)
            #expect(try await ledger.certificate(serial)?.state == .issued)
            // It refuses what would be refused.
            let gone = RotationChange(
                verb: .publish,
                id: Self.new,
                moves: [RotationChange.Move(id: Self.new, from: .prepared, to: .published)]
            )
            let act = LedgerFixture.act(.publishIssuer)
            #expect(
                await rule { try await ledger.rehearse(gone, announcing: [], by: act) } == "rotation.changed"
            )
            #expect(try await ledger.issuers() == before)
            // And what was rehearsed can be done.
            try await ledger.take(.activate, Self.new)
        }
    }

    // MARK: Links

    @Test(
        "keeps link certificates in the order they were made, one in each direction",
        arguments: Implementation.allCases
    )
    func links(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer("root-2", .root)
            #expect(try await ledger.links() == [])
            var links: [LinkCertificate] = []
            for (number, pair) in [("root-2", "root-1"), ("root-1", "root-2")].enumerated() {
                let (certificate, receipt) = try await ledger.own(by: pair.1, at: LedgerFixture.later(Int64(number)))
                let link = LinkCertificate(
                    subjectID: pair.0,
                    signedBy: pair.1,
                    serialNumber: certificate.serialNumber,
                    certificate: certificate.der
                )
                try await ledger.confirmLink(link, certificate: certificate, receipt: receipt)
                links.append(link)
                #expect(try await ledger.certificate(certificate.serialNumber)?.state == .issued)
            }
            #expect(try await ledger.links() == links)
            let (certificate, receipt) = try await ledger.own(by: "root-1")
            let again = LinkCertificate(
                subjectID: "root-2",
                signedBy: "root-1",
                serialNumber: certificate.serialNumber,
                certificate: certificate.der
            )
            #expect(
                await rule {
                    try await ledger.confirmLink(again, certificate: certificate, receipt: receipt)
                } == "rotation.link-exists"
            )
            #expect(try await ledger.links() == links)
            #expect(try await ledger.certificate(certificate.serialNumber)?.state == .intent)
            // They stay as long as the roots do.
            let end = LedgerFixture.start.adding(days: 4_000)
            _ = try await ledger.pruneCertificates(endedBefore: end, at: end, limit: 100)
            for link in links { #expect(try await ledger.certificate(link.serialNumber) != nil) }
            // Nothing hangs on them.
            let figures = try await ledger.issuerFigures(at: LedgerFixture.start)
            #expect(figures.figures["root-2"]?.liveCertificates ?? 0 == 0)
        }
    }

    // MARK: Who signs

    @Test("takes nothing new for an issuer that does not sign any more, or not yet", arguments: Implementation.allCases)
    func issuerChanged(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let enrolled = try await ledger.enrolled(by: Self.old)
            try await ledger.prepareIssuer(Self.new)
            func outcome(_ issuer: String) async throws -> ReservationOutcome {
                let prepared = LedgerFixture.leaf(issuer: issuer)
                return try await ledger.reserve(
                    LedgerFixture.reservation(of: LedgerFixture.user(), prepared: prepared)
                )
            }
            #expect(try await outcome(Self.new) == .issuerChanged)
            try await ledger.take(.publish, Self.new)
            #expect(try await outcome(Self.new) == .issuerChanged)
            let open = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.leaf(issuer: Self.old)
            )
            let receipt = try #require(try await ledger.reserve(open).receipt)
            try await ledger.take(.activate, Self.new)
            #expect(try await outcome(Self.old) == .issuerChanged)
            #expect(try await outcome(Self.new).receipt != nil)
            let renewal = LedgerFixture.renewal(
                of: try await ledger.candidate(of: enrolled.certificate),
                by: enrolled.user,
                prepared: LedgerFixture.leaf(at: Self.day(306), issuer: Self.old),
                at: Self.day(306)
            )
            #expect(try await ledger.reserve(renewal) == .issuerChanged)
            #expect(try await ledger.attempt(renewal.attempt.traceID) == nil)
            _ = try await ledger.renew(enrolled, by: Self.new, at: Self.day(306))
            // What was on record before is still carried to its end.
            try await ledger.confirm(LedgerFixture.confirmation(of: open, receipt))
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .issued)
        }
    }

    @Test("lets devices of an issuer renew early once they are told to", arguments: Implementation.allCases)
    func hurry(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let enrolled = try await ledger.enrolled(by: Self.old)
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)
            let other = try await ledger.enrolled(by: Self.new)
            #expect(try await !ledger.candidate(of: enrolled.certificate).isHurried)
            for day in [5, 6] { try await ledger.take(.drain, Self.old, at: Self.day(day)) }
            #expect(try await ledger.issuer(Self.old).moments.hurried == Self.day(5))
            #expect(try await ledger.candidate(of: enrolled.certificate).isHurried)
            #expect(try await !ledger.candidate(of: other.certificate).isHurried)
        }
    }
}

extension LedgerUnderTest {
    /// An intent of the authority's own that came to no end.
    func leftIntent(by issuer: String, shard: Int) async throws -> SerialNumber {
        let prepared = LedgerFixture.leaf(shard: shard, issuer: issuer)
        return try await self.recordIntent(prepared, at: LedgerFixture.start).serialNumber
    }
}
