import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Service certificate keeper", .timeLimit(.minutes(25)))
struct ServiceCertificateKeeperTests {
    private static func keeper(
        _ rig: RevocationRig,
        _ change: (inout ServiceCertificateKeeper.Settings) -> Void
    ) throws -> ServiceCertificateKeeper {
        var settings = try RevocationRig.keeperSettings()
        change(&settings)
        return ServiceCertificateKeeper(
            ledger: rig.founding.ledger,
            keys: rig.keys,
            vault: rig.founding.vault,
            clock: rig.clock,
            random: OpenSSLRandomSource(),
            settings: settings,
            onRenewed: { rig.renewed.note($0) }
        )
    }

    private static func tls(_ rig: RevocationRig) async throws -> (record: ServiceCertificateRecord, Certificate) {
        let record = try #require(try await rig.founding.ledger.serviceCertificate(for: "tls"))
        return (record, try Certificate(der: try #require(record.chain.first)))
    }

    @Test("the first round makes a responder for each issuer and leaves a young TLS certificate alone")
    func first() async throws {
        let rig = try await RevocationRig()
        let round = await rig.keeper.renewDue()
        #expect(round.failures.isEmpty)
        #expect(round.renewed.map(\.use) == ["ocsp/root-2026", "ocsp/2026-a"])
        #expect(round.renewed.map(\.reason) == [.missing, .missing])
        #expect(rig.renewed.uses == ["ocsp/root-2026", "ocsp/2026-a"])
        for (id, issuer) in [("root-2026", rig.founding.result.root), ("2026-a", rig.founding.result.issuer)] {
            let record = try #require(try await rig.founding.ledger.serviceCertificate(for: "ocsp/\(id)"))
            #expect(record.chain.last == issuer.der)
            let key = try rig.founding.vault.open(record.sealedKey, of: "ocsp/\(id)")
            #expect(try Certificate(der: try #require(record.chain.first)).publicKeyInfo == key.publicKeyInfo)
            let kept = try await rig.founding.ledger.certificate(record.serialNumber)
            #expect(kept?.state == .issued)
        }
        #expect(await rig.keeper.renewDue().renewed.isEmpty)
    }

    @Test("a certificate is made anew when a third of its life is left, with a new key and the same names")
    func age() async throws {
        let rig = try await RevocationRig()
        _ = await rig.keeper.renewDue()
        let (before, former) = try await Self.tls(rig)
        rig.clock.advance(seconds: 20 * 86_400 - 300)
        #expect(await rig.keeper.renewDue().renewed.map(\.use) == ["ocsp/root-2026", "ocsp/2026-a"])
        rig.clock.advance(seconds: 245 * 86_400)
        let round = await rig.keeper.renewDue()
        #expect(round.renewed.map(\.use) == ["ocsp/root-2026", "ocsp/2026-a", "tls"])
        #expect(round.renewed.allSatisfy { $0.reason == .age })
        let (after, latter) = try await Self.tls(rig)
        #expect(after.serialNumber != before.serialNumber)
        #expect(latter.publicKeyInfo != former.publicKeyInfo)
        #expect(latter.commonName == former.commonName)
        #expect(try latter.alternativeNames().map(\.contents) == former.alternativeNames().map(\.contents))
        #expect(try latter.notAfterSeconds() == rig.clock.now.seconds - 300 + 397 * 86_400 - 1)
        let outcome = try await OutsideJudges().verify(
            latter.der,
            root: rig.founding.result.root.der,
            untrusted: rig.founding.result.issuer.der,
            ["-purpose", "sslserver", "-verify_ip", "2001:db8::1", "-attime", "\(rig.clock.now.seconds)"]
        )
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test("a certificate that no longer says what is wanted is made anew, and says why")
    func wishes() async throws {
        let rig = try await RevocationRig()
        _ = await rig.keeper.renewDue()
        let names = try Self.keeper(rig) { $0.serverNames.append("new.contoso.example") }
        #expect(await names.renewDue().renewed.map(\.reason) == [.names])
        #expect(try await Self.tls(rig).1.alternativeNames().count == 5)
        #expect(await names.renewDue().renewed.isEmpty)
        // The old names are kept: others may rely on them.
        #expect(await rig.keeper.renewDue().renewed.isEmpty)
        let keys = try Self.keeper(rig) {
            $0.serverKey = .rsa(bits: 2_048)
            $0.responderKey = .ecdsaP384
        }
        let round = await keys.renewDue()
        #expect(round.renewed.map(\.reason) == [.key, .key, .key])
        guard case .rsa = try await Self.tls(rig).1.subjectKey().key else { Issue.record("not RSA"); return }
        // The kind of key that is there is kept where none is asked for.
        let indifferent = try Self.keeper(rig) { $0.responderKey = .ecdsaP384 }
        #expect(await indifferent.renewDue().renewed.isEmpty)
    }

    @Test("a compromised key certifies no responder, and a published one has its own before it is asked")
    func compromised() async throws {
        let rig = try await RevocationRig()
        _ = await rig.keeper.renewDue()
        let before = try #require(try await rig.founding.ledger.serviceCertificate(for: "ocsp/2026-a"))
        let change = RotationChange(
            verb: .compromise,
            id: "2026-a",
            moves: [RotationChange.Move(id: "2026-a", from: .active, to: .compromised)]
        )
        let act = AdministrativeAct(
            traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
            verb: .compromiseIssuer,
            actor: "test",
            reason: "copied",
            ticket: nil,
            time: rig.clock.now
        )
        try await rig.founding.ledger.apply(change, announcing: [], by: act)
        try await rig.keys.refresh()
        rig.clock.advance(seconds: 25 * 86_400)
        // Its CRLs it still signs.
        #expect(rig.keys.issuers.contains { $0.id == "2026-a" })
        let round = await rig.keeper.renewDue()
        #expect(round.renewed.map(\.use) == ["ocsp/root-2026"])
        #expect(round.failures.isEmpty)
        let after = try await rig.founding.ledger.serviceCertificate(for: "ocsp/2026-a")
        #expect(after?.serialNumber == before.serialNumber)
    }

    @Test("a clock that was set back before the certificates began makes new ones")
    func clockSetBack() async throws {
        let rig = try await RevocationRig()
        _ = await rig.keeper.renewDue()
        rig.clock.advance(seconds: 40 * 86_400)
        _ = await rig.keeper.renewDue()
        rig.clock.advance(seconds: -40 * 86_400)
        let round = await rig.keeper.renewDue()
        #expect(round.renewed.map(\.use) == ["ocsp/root-2026", "ocsp/2026-a"])
        #expect(round.renewed.map(\.reason) == [.clock, .clock])
    }

    @Test("at the issuer's end nothing is made again and again, and after it nothing at all")
    func issuersEnd() async throws {
        let rig = try await RevocationRig()
        let end = rig.founding.result.issuer.validity.notAfter
        rig.clock.advance(seconds: end.seconds(since: rig.clock.now) - 10 * 86_400)
        let uses = await rig.keeper.renewDue().renewed.map(\.use)
        #expect(uses == ["ocsp/root-2026", "ocsp/2026-a", "tls"])
        rig.clock.advance(seconds: 9 * 86_400)
        // The root goes on for years; what the issuer signed cannot live any longer.
        #expect(await rig.keeper.renewDue().renewed.isEmpty)
        rig.clock.advance(seconds: 86_400 + 1)
        let round = await rig.keeper.renewDue()
        #expect(round.renewed.isEmpty)
        #expect(try await rig.publisher.publishDue().published.allSatisfy { $0.shard.issuerID == "root-2026" })
    }

    @Test("one certificate that cannot be made does not keep the others from being made")
    func failure() async throws {
        let rig = try await RevocationRig()
        let broken = try Self.keeper(rig) {
            $0.serverNames.append("not_a_host_name")
        }
        let round = await broken.renewDue()
        #expect(round.renewed.map(\.use) == ["ocsp/root-2026", "ocsp/2026-a"])
        #expect(round.failures.map(\.use) == ["tls"])
        #expect(round.failures.map(\.error.rule) == ["lint.alternative-names.dns"])
        #expect(rig.renewed.uses == ["ocsp/root-2026", "ocsp/2026-a"])
    }

    @Test("through a year in steps of hours no CRL is ever stale, no responder expired, and TLS is renewed in time")
    func year() async throws {
        let rig = try await RevocationRig()
        let device = try await rig.device()
        let question = try rig.question(device.serialNumber)
        var tls: Set<SerialNumber> = []
        var responders: Set<[UInt8]> = []
        var last: [CRLShard: Int64] = [:]
        for step in 0..<(366 * 2) {
            rig.clock.advance(seconds: 12 * 3_600)
            let now = rig.clock.now
            #expect(await rig.keeper.renewDue().failures.isEmpty)
            #expect(try await rig.publisher.publishDue().failures.isEmpty)
            try await rig.responder.reloadSigners()
            _ = try await rig.responder.follow()
            for standing in try await rig.book.shards() {
                let facts = try #require(standing.published)
                #expect(facts.thisUpdate <= now && now < facts.nextUpdate)
                #expect(facts.number > last[standing.shard] ?? 0)
                last[standing.shard] = facts.number
            }
            let record = try await Self.tls(rig).record
            #expect(record.notAfter.seconds(since: now) > 397 * 86_400 / 3 - 86_400)
            tls.insert(record.serialNumber)
            guard step % 10 == 0 else { continue }
            let answer = try OCSPResponse(der: await rig.responder.answer(question).answer.octets)
            let der = try #require(answer.certificates.first)
            let single = try #require(answer.singles.first)
            #expect(single.status == .good)
            #expect(single.thisUpdate <= now.seconds && now.seconds < single.nextUpdate)
            let responder = try Certificate(der: der)
            #expect(try responder.notBeforeSeconds() <= now.seconds)
            #expect(try responder.notAfterSeconds() >= single.nextUpdate)
            responders.insert(der)
        }
        #expect(tls.count == 2)
        #expect((17...20).contains(responders.count))
    }
}
