internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Testing

/// The connection goes while the server is told to commit: before it hears of it, or before it can answer.
@Suite("The PostgreSQL ledger, cut off while it commits", .timeLimit(.minutes(6)))
struct PostgresDoubtTests {
    private static let due = LedgerFixture.start.adding(days: 306)
    private static let moments: [TCPProxy.Moment] = [.beforeForwarding, .beforeAnswering]

    @Test("finds out what became of a reservation, a certificate and a release", arguments: moments)
    func enrollment(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let ledger = broken.ledger
            let user = LedgerFixture.user()
            let reservation = LedgerFixture.reservation(of: user, limit: 1)
            broken.cutAtCommit(moment)
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.counted(userID: user.id, staleBefore: LedgerFixture.start).count == 1)

            broken.cutAtCommit(moment)
            try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.certificate(receipt.serialNumber)?.state == .issued)
            #expect(try await broken.witness.eventIDs().count == 1)

            let other = LedgerFixture.reservation(of: LedgerFixture.user())
            let open = try #require(try await ledger.reserve(other).receipt)
            broken.cutAtCommit(moment)
            try await ledger.release(open, keyUse: .none, closing: LedgerFixture.refusal(of: other))
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.certificate(open.serialNumber)?.state == .closed)
            #expect(try await PostgresContradictions.find(in: broken.database) == [:])
            #expect(ledger.figures.doubts == 3)
        }
    }

    @Test("finds out what became of a renewal", arguments: moments)
    func renewal(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let ledger = broken.ledger
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            broken.cutAtCommit(moment)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            broken.cutAtCommit(moment)
            let confirmation = LedgerFixture.confirmation(of: renewal, receipt)
            try await ledger.confirm(confirmation)
            #expect(!broken.proxy.isCutPending)
            let device = try #require(try await broken.witness.device(enrolled.device))
            #expect(device.certificateSerial == confirmation.certificate.serialNumber)
            #expect(try await broken.witness.events(of: enrolled.device).map(\.kind) == [.enrolled, .renewed])
            #expect(try await PostgresContradictions.find(in: broken.database) == [:])
        }
    }

    @Test("finds out what became of an attempt's record", arguments: moments)
    func record(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let attempt = LedgerFixture.attempt()
            broken.cutAtCommit(moment)
            #expect(try await broken.ledger.record(attempt))
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.attempt(attempt.traceID) == attempt)
            // Somebody else's record is not taken for one's own.
            var other = attempt
            other.microseconds += 1
            broken.cutAtCommit(moment)
            #expect(try await !broken.ledger.record(other))
        }
    }

    @Test("carries out an order once", arguments: moments)
    func orders(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let ledger = broken.ledger
            let device = try await ledger.enrolled().device
            broken.cutAtCommit(moment)
            _ = try await ledger.hold(LedgerFixture.order(.hold, device))
            broken.cutAtCommit(moment)
            _ = try await ledger.resume(LedgerFixture.order(.resume, device))
            broken.cutAtCommit(moment)
            _ = try await ledger.reset(LedgerFixture.order(.reset, device))
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.device(device)?.state == .reset)
            #expect(
                try await broken.witness.events(of: device).map(\.kind) == [.enrolled, .held, .resumed, .reset]
            )
            #expect(try await broken.witness.acts(of: device, limit: 9).count == 3)
            let enrolled = try await ledger.enrolled()
            broken.cutAtCommit(moment)
            _ = try await ledger.revoke(LedgerFixture.order([enrolled.serial]))
            #expect(try await broken.witness.revocation(of: enrolled.serial) != nil)
            #expect(try await PostgresContradictions.find(in: broken.database) == [:])
        }
    }

    @Test("publishes a CRL once, and gives no number twice", arguments: moments)
    func publication(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let ledger = broken.ledger
            let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 1)
            try await ledger.announce([shard])
            broken.cutAtCommit(moment)
            let turn = try await ledger.turn(at: shard)
            broken.cutAtCommit(moment)
            try await ledger.record(turn, toBeSignedDigest: LedgerFixture.octets(32), at: LedgerFixture.start)
            let crl = LedgerFixture.crl(by: turn, at: LedgerFixture.start)
            broken.cutAtCommit(moment)
            try await ledger.publish(crl, by: turn, at: LedgerFixture.start)
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.crl(of: shard) == crl)
            let next = try await broken.witness.turn(at: shard, holder: "two", now: LedgerFixture.later(120))
            #expect(next.number > turn.number)
        }
    }

    @Test("says that it does not know when nobody can be asked, and has recorded all or nothing", arguments: moments)
    func nobodyToAsk(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run(adjust: { $0.doubtPatience = .seconds(1) }) { (broken) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            broken.proxy.mode = .refuse
            broken.cutAtCommit(moment)
            let started = ContinuousClock.now
            await #expect { () async throws -> Void in
                _ = try await broken.ledger.reserve(reservation)
            } throws: { error in
                let error = error as? EnrollmentError
                return error?.code == .inMaintenance && error?.rule == "ledger.undecided"
            }
            #expect(ContinuousClock.now - started < .seconds(60))
            let intent = try await broken.witness.certificate(reservation.prepared.draft.serialNumber)
            // Unless the server was still at it, what it was told to commit is there.
            if moment == .beforeForwarding { #expect(intent == nil) }
            #expect((try await broken.witness.device(reservation.device) != nil) == (intent != nil))
            broken.proxy.mode = .forward
            // The same ledger goes on by itself.
            #expect(try await broken.ledger.enroll(LedgerFixture.reservation(of: LedgerFixture.user())) != nil)
            #expect(try await PostgresContradictions.find(in: broken.database) == [:])
        }
    }
}
