import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("The service of key rotation", .timeLimit(.minutes(25)))
struct RotationServiceTests {
    @Test("an issuer's whole life, with its last CRLs valid to its end and its key gone")
    func life() async throws {
        let rig = try await RotationRig()
        let issuer = try await rig.prepare("2026-b")
        #expect(issuer.state == .prepared)
        #expect(issuer.signedBy == "root-2026")
        try await rig.perform(.publish, "2026-b")
        try await rig.perform(.activate, "2026-b")
        #expect(try await rig.state("2026-a") == .draining)
        // The listener's certificate was signed by it.
        let busy = await #expect(throws: EnrollmentError.self) { try await rig.perform(.retire, "2026-a") }
        #expect(busy?.rule == "rotation.in-use")
        rig.clock.advance(seconds: 398 * 86_400)
        let act = try rig.act(.drain)
        #expect(try await rig.service.settle { act } == ["2026-a"])
        #expect(try await rig.state("2026-a") == .crlOnly)
        try await rig.perform(.retire, "2026-a")
        #expect(try await rig.state("2026-a") == .retired)
        #expect(try await rig.founding.ledger.issuers().first { $0.id == "2026-a" }?.key == .destroyed)
        let shards = try await rig.store.shards().filter { $0.shard.issuerID == "2026-a" }
        #expect(shards.count == Founding.addresses.shardCount)
        let end = try KeyRotation.end(of: try #require(try await rig.store.issuers().first { $0.id == "2026-a" }))
        #expect(shards.allSatisfy { $0.published?.nextUpdate == end })
        // Ordered again, there is nothing to do.
        try await rig.perform(.retire, "2026-a")
    }

    @Test("abort leaves no key and no announcement behind, and revokes what the root signed", arguments: [false, true])
    func abort(isPublished: Bool) async throws {
        let rig = try await RotationRig()
        try await rig.prepare("2026-b")
        if isPublished { try await rig.perform(.publish, "2026-b") }
        try await rig.perform(.abort, "2026-b")
        let issuer = try #require(try await rig.store.issuers().first { $0.id == "2026-b" })
        #expect(issuer.state == .aborted)
        #expect(issuer.key == .destroyed)
        let serial = try #require(
            try await rig.founding.ledger.certificates(CertificateQuery()).elements.first {
                $0.der == issuer.certificate
            }
        ).serialNumber
        #expect(try await rig.store.revocation(of: serial)?.reason == .cessationOfOperation)
        // Another one can follow, under another id.
        try await rig.prepare("2026-c")
        #expect(try await rig.state("2026-c") == .prepared)
    }

    @Test("an issuer that has ended is retired although a revocation waits that no CRL of its will show")
    func retirementAfterTheEnd() async throws {
        let rig = try await RotationRig()
        try await rig.prepare("2026-b")
        try await rig.perform(.publish, "2026-b")
        try await rig.perform(.activate, "2026-b")
        let end = try KeyRotation.end(of: try #require(try await rig.store.issuers().first { $0.id == "2026-a" }))
        // A month before it, the rehearsal knows that the last CRLs will be made.
        rig.clock.advance(seconds: end.seconds(since: rig.clock.now) - 30 * 86_400)
        try await rig.service.rehearse(.retire, "2026-a", by: try rig.act(.retire))
        rig.clock.advance(seconds: 31 * 86_400)
        let serials = try await rig.founding.ledger.certificates(CertificateQuery(issuerID: "2026-a")).elements
            .map(\.serialNumber)
        let order = RevocationOrder(serialNumbers: serials, reason: .superseded, act: try rig.act(.drain))
        _ = try await rig.founding.ledger.revoke(order)
        #expect(try await rig.store.shards().contains { $0.shard.issuerID == "2026-a" && $0.waitingSince != nil })
        try await rig.service.rehearse(.retire, "2026-a", by: try rig.act(.retire))
        try await rig.perform(.retire, "2026-a")
        #expect(try await rig.state("2026-a") == .retired)
    }

    @Test("a root that was published without links, by a compromise that was broken off, gets them when asked again")
    func missingLinks() async throws {
        let rig = try await RotationRig()
        let root = try await rig.prepare("R2", .root)
        let told = RotationAnnouncement(
            eventID: DeviceID(random: try SystemRandom.octets(16)),
            kind: .trustPublished,
            announcement: try IssuerAnnouncement(of: root)
        )
        let change = try await rig.service.rotation().change(.publish, "R2")
        try await rig.store.apply(change, announcing: [told], by: try rig.act(.publish))
        #expect(try await rig.store.links().isEmpty)
        try await rig.perform(.publish, "R2")
        #expect(try await rig.store.links().count == 2)
        try await rig.perform(.publish, "R2")
        #expect(try await rig.store.links().count == 2)
    }

    @Test("what is rehearsed leaves nothing behind")
    func rehearsal() async throws {
        let rig = try await RotationRig()
        let order = RotationService.Order(id: "R2", role: .root, key: .ecdsaP256)
        let before = rig.store.calls
        let preparation = try await rig.service.rehearse(order)
        #expect(preparation.subject == "CN=Contoso Root R2,O=Contoso")
        #expect(preparation.signedBy == "R2")
        #expect(rig.store.calls == before)
        try await rig.prepare("R2", .root)
        let change = try await rig.service.rehearse(.publish, "R2", by: try rig.act(.publish))
        #expect(change.moves == [.init(id: "R2", from: .prepared, to: .published)])
        #expect(try await rig.store.links().isEmpty)
        #expect(try await rig.state("R2") == .prepared)
    }

    @Test("a refusal says what is in the way and what to do")
    func refusal() async throws {
        let rig = try await RotationRig()
        let error = await #expect(throws: EnrollmentError.self) { try await rig.perform(.activate, "2026-a2") }
        #expect(error?.rule == "rotation.unknown")
        #expect(error?.detail.contains("gatehouse ca status") == true)
        try await rig.prepare("2026-b")
        let second = await #expect(throws: EnrollmentError.self) { try await rig.prepare("2026-c") }
        #expect(second?.rule == "rotation.next-exists")
    }

    @Test("of a compromised issuer a new one takes the place at once, and the root's CRL says so")
    func compromise() async throws {
        let rig = try await RotationRig()
        _ = try await rig.service.compromise("2026-a", by: try rig.act(.compromise))
        #expect(try await rig.state("2026-a") == .compromised)
        let rotation = try await rig.service.rotation()
        #expect(rotation.active(.issuing)?.id == "2026-B")
        let shards = try await rig.store.shards().filter { $0.shard.issuerID == "root-2026" }
        #expect(shards.reduce(0) { $0 + ($1.published?.entryCount ?? 0) } == 1)
        #expect(shards.allSatisfy { $0.waitingSince == nil })
    }

    @Test("of a compromised root a new one takes the place, with a new issuer below it, and no link between the two")
    func rootCompromise() async throws {
        let rig = try await RotationRig()
        _ = try await rig.service.compromise("root-2026", by: try rig.act(.compromise))
        let rotation = try await rig.service.rotation()
        let root = try #require(rotation.active(.root))
        let issuer = try #require(rotation.active(.issuing))
        #expect(root.id == "R2")
        #expect(issuer.issuer.signedBy == "R2")
        #expect(try await rig.state("root-2026") == .compromised)
        #expect(try await rig.state("2026-a") == .compromised)
        #expect(try await rig.store.links().isEmpty)
        #expect(rotation.below(compromised: "root-2026").isEmpty)
    }

    // MARK: Chains

    @Test("at every step of a root's change, who trusts the old root, the new one or both can verify what is signed")
    func chains() async throws {
        let rig = try await RotationRig()
        let judges = try OutsideJudges()
        let old = rig.founding.result.root.der
        func verify(_ leaf: [UInt8], trusting root: [UInt8], _ helpers: [[UInt8]]) async throws -> Bool {
            let bundle = try CertificateBundle.encoded(helpers)
            let untrusted = try await judges.unpack(bundle)
            let outcome = try await judges.verify(leaf, root: root, untrusted: nil, ["-untrusted", untrusted])
            return outcome.status == 0
        }
        try await rig.prepare("R2", .root)
        #expect(try await verify(try await rig.leaf(), trusting: old, [try await rig.certificate("2026-a")]))
        try await rig.perform(.publish, "R2")
        let new = try await rig.certificate("R2")
        let (forth, back) = (try await rig.link("R2", by: "root-2026"), try await rig.link("root-2026", by: "R2"))
        #expect(try await judges.lint(forth) == [])
        #expect(try await judges.lint(back) == [])
        // Published, and then activated: leaves are still below the old root.
        for _ in 0..<2 {
            let helpers = [try await rig.certificate("2026-a"), forth, back]
            let leaf = try await rig.leaf()
            #expect(try await verify(leaf, trusting: old, helpers))
            #expect(try await verify(leaf, trusting: new, helpers))
            #expect(try await !verify(leaf, trusting: new, [try await rig.certificate("2026-a")]))
            try await rig.perform(.activate, "R2")
        }
        // An issuer below the new root.
        try await rig.prepare("2026-b")
        try await rig.perform(.publish, "2026-b")
        try await rig.perform(.activate, "2026-b")
        let helpers = [try await rig.certificate("2026-b"), forth, back]
        let leaf = try await rig.leaf()
        #expect(try await verify(leaf, trusting: new, [try await rig.certificate("2026-b")]))
        #expect(try await verify(leaf, trusting: old, helpers))
        #expect(try await !verify(leaf, trusting: old, [try await rig.certificate("2026-b")]))
    }

    @Test("devices are given the issuer's chain first, then what is published, and the new root once it is active")
    func handedOut() async throws {
        let rig = try await RotationRig()
        func ids() async throws -> [String] {
            try LocalAuthority(records: try await rig.store.issuers(), keys: rig.founding.vault)
                .activeIssuer.authorities.map(\.issuerID)
        }
        try await rig.prepare("R2", .root)
        #expect(try await ids() == ["2026-a", "root-2026"])
        try await rig.perform(.publish, "R2")
        #expect(try await ids() == ["2026-a", "root-2026", "R2"])
        try await rig.perform(.activate, "R2")
        try await rig.prepare("2026-b")
        #expect(try await ids() == ["2026-a", "root-2026", "R2"])
        try await rig.perform(.publish, "2026-b")
        #expect(try await ids() == ["2026-a", "root-2026", "R2", "2026-b"])
        try await rig.perform(.activate, "2026-b")
        #expect(try await ids() == ["2026-b", "R2"])
    }

    // MARK: Faults

    /// One step as somebody orders it, again and again until it is done.
    enum Step: CaseIterable {
        case prepare, prepareRoot, publishRoot, activate, abort, retire, compromise, compromiseRoot
    }

    @Test(
        "a store that fails at any call leaves legal states, and the same order again ends well",
        arguments: Step.allCases
    )
    func faults(step: Step) async throws {
        for moment in FailingStore.Moment.allCases {
            var number = 0
            while true {
                let rig = try await RotationRig()
                try await Self.lead(rig, to: step)
                rig.store.fail(at: number, moment)
                let isDone = await Self.attempt(step, rig)
                rig.store.fail(at: nil)
                try await Self.judge(rig)
                if !isDone {
                    // What was done although it failed says so, which is as good as done.
                    let again = await Self.attempt(step, rig)
                    let outcome = try await Self.isReached(step, rig)
                    #expect(outcome, "call \(number) \(moment) of \(step), again: \(again)")
                    try await Self.judge(rig)
                }
                if isDone { break }
                number += 1
            }
            #expect(number >= 1)
        }
    }

    private static func lead(_ rig: RotationRig, to step: Step) async throws {
        switch step {
        case .prepare, .prepareRoot, .compromise, .compromiseRoot: break
        case .publishRoot: try await rig.prepare("R2", .root)
        case .activate, .abort:
            try await rig.prepare("2026-b")
            try await rig.perform(.publish, "2026-b")
        case .retire:
            try await rig.prepare("2026-b")
            try await rig.perform(.publish, "2026-b")
            try await rig.perform(.activate, "2026-b")
            rig.clock.advance(seconds: 398 * 86_400)
        }
    }

    private static func attempt(_ step: Step, _ rig: RotationRig) async -> Bool {
        do {
            switch step {
            case .prepare: try await rig.prepare("2026-b")
            case .prepareRoot: try await rig.prepare("R2", .root)
            case .publishRoot: try await rig.perform(.publish, "R2")
            case .activate: try await rig.perform(.activate, "2026-b")
            case .abort: try await rig.perform(.abort, "2026-b")
            case .retire: try await rig.perform(.retire, "2026-a")
            case .compromise: _ = try await rig.service.compromise("2026-a", by: try rig.act(.compromise))
            case .compromiseRoot: _ = try await rig.service.compromise("root-2026", by: try rig.act(.compromise))
            }
            return true
        } catch {
            return false
        }
    }

    private static func isReached(_ step: Step, _ rig: RotationRig) async throws -> Bool {
        switch step {
        case .prepare: return try await rig.state("2026-b") == .prepared
        case .prepareRoot: return try await rig.state("R2") == .prepared
        case .publishRoot:
            let links = try await rig.store.links().map { "\($0.subjectID) by \($0.signedBy)" }
            let isPublished = try await rig.state("R2") == .published
            return isPublished && Set(links) == ["R2 by root-2026", "root-2026 by R2"]
        case .activate: return try await rig.state("2026-b") == .active
        case .abort: return try await rig.state("2026-b") == .aborted
        case .retire: return try await rig.state("2026-a") == .retired
        case .compromise:
            let active = try await rig.service.rotation().active(.issuing)
            let isStopped = try await rig.state("2026-a") == .compromised
            return isStopped && active != nil
        case .compromiseRoot:
            let states = [try await rig.state("2026-a"), try await rig.state("root-2026")]
            let active = try await rig.service.rotation().active(.issuing)
            return states == [.compromised, .compromised] && active?.issuer.signedBy == "R2"
        }
    }

    /// Exactly one of each role signs, whose key opens; every certificate of an issuer has its record.
    private static func judge(_ rig: RotationRig) async throws {
        let issuers = try await rig.store.issuers()
        for role in IssuerRecord.Role.allCases {
            #expect(issuers.filter { $0.role == role && $0.state == .active }.count == 1)
            #expect(issuers.filter { $0.role == role && ($0.state == .prepared || $0.state == .published) }.count <= 1)
        }
        let recorded = try await rig.founding.ledger.certificates(CertificateQuery(limit: 1_000)).elements
        for issuer in issuers {
            #expect(recorded.contains { $0.der == issuer.certificate })
            let isGone = issuer.state == .retired || issuer.state == .aborted
            #expect((issuer.key == .destroyed) == isGone)
            if !isGone {
                let key = try rig.founding.vault.key(of: issuer)
                #expect(try Certificate(der: issuer.certificate).publicKeyInfo == key.publicKeyInfo)
            }
        }
    }
}
