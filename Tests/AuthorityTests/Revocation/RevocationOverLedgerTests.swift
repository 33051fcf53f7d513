import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Revocation over a ledger", .timeLimit(.minutes(25)))
struct RevocationOverLedgerTests {
    @Test("what is ordered of a ledger that keeps the contract is on the CRL and in the OCSP answer")
    func ordered() async throws {
        let rig = try await RevocationRig()
        let ledger = rig.founding.ledger
        let publisher = CRLPublisher(
            ledger: ledger,
            keys: rig.keys,
            addresses: Founding.addresses,
            clock: rig.clock,
            schedule: CRLSchedule(),
            holder: "one"
        )
        let responder = OCSPResponder(
            ledger: ledger,
            authority: ledger,
            vault: rig.founding.vault,
            keys: rig.keys,
            clock: rig.clock
        )
        _ = await rig.keeper.renewDue()
        _ = try await responder.follow()
        // An intent without outcome: it counts as issued.
        let certificate = try await rig.founding.issue(try rig.founding.draft(try Founding.proven()))
        let serial = certificate.serialNumber
        let shard = CRLShard(issuerID: "2026-a", number: Founding.addresses.shard(of: serial))
        #expect(try await publisher.publishDue().published.count == 8)
        let question = try rig.question(serial)
        let before = try OCSPResponse(der: await responder.answer(question).answer.octets)
        #expect(before.singles.map(\.status) == [.good])

        rig.clock.advance(seconds: 20)
        let act = AdministrativeAct(
            traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
            verb: .revoke,
            actor: "test",
            reason: "lost",
            ticket: nil,
            time: rig.clock.now
        )
        let order = RevocationOrder(serialNumbers: [serial], reason: .keyCompromise, act: act)
        #expect(try await ledger.revoke(order).revoked == [serial])
        #expect(try await responder.follow().changes == 1)
        let kept = try #require(responder.cached(for: question))
        let status = OCSPResponseData.Status.revoked(at: rig.clock.now.seconds, reason: .keyCompromise)
        #expect(try OCSPResponse(der: kept.octets).singles.map(\.status) == [status])

        rig.clock.advance(seconds: 11)
        #expect(try await publisher.publishDue().published.map(\.shard) == [shard])
        let crl = try #require(try await ledger.crl(of: shard))
        var reader = try CertificateRevocationList(der: crl.der).entries.reader()
        let entry = try #require(try reader.next())
        #expect(Array(entry.serialNumber) == serial.octets)
        #expect(entry.reason == CRLReason.keyCompromise.rawValue)
        #expect(try reader.next() == nil)
    }
}
