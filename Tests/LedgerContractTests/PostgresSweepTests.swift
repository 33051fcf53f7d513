internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Testing

/// Cuts the connection at the n-th message for n = 1, 2, 3… until the work meets no cut, and looks after each.
@Suite("The PostgreSQL ledger, cut off at every message", .timeLimit(.minutes(6)))
struct PostgresSweepTests {
    private static let moments: [TCPProxy.Moment] = [.beforeForwarding, .beforeAnswering]
    private static let due = LedgerFixture.start.adding(days: 306)

    /// - Returns: How many messages could be cut at.
    private func sweep(
        _ moment: TCPProxy.Moment,
        in broken: PostgresBreak,
        _ work: () async throws -> Void
    ) async throws -> Int {
        for turn in 1...60 {
            broken.proxy.cut(atTurn: turn, moment)
            // Whatever was cut is done on a new connection, or found done.
            try await work()
            guard broken.proxy.disarm() else { return turn - 1 }
            #expect(try await PostgresContradictions.find(in: broken.database) == [:])
        }
        Issue.record("the sweep never came to its end")
        return 0
    }

    @Test("enrolls all the same", arguments: moments)
    func enroll(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            var count = 0
            let cuts = try await self.sweep(moment, in: broken) {
                count += 1
                let reservation = LedgerFixture.reservation(of: LedgerFixture.user(), limit: 1)
                let certificate = try #require(try await broken.ledger.enroll(reservation))
                #expect(try await broken.witness.certificate(certificate.serialNumber)?.state == .issued)
                #expect(try await broken.witness.devices(DeviceQuery(userID: reservation.user.id)).elements.count == 1)
                #expect(try await broken.witness.events(of: reservation.device).count == 1)
            }
            // Two ways each.
            #expect(cuts >= 4)
            #expect(count == cuts + 1)
        }
    }

    @Test("renews, holds, resumes and resets all the same", arguments: moments)
    func life(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let cuts = try await self.sweep(moment, in: broken) {
                let enrolled = try await broken.witness.enrolled()
                _ = try await broken.ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.due)
                _ = try await broken.ledger.hold(LedgerFixture.order(.hold, enrolled.device, at: Self.due))
                _ = try await broken.ledger.resume(LedgerFixture.order(.resume, enrolled.device, at: Self.due))
                _ = try await broken.ledger.reset(LedgerFixture.order(.reset, enrolled.device, at: Self.due))
                #expect(try await broken.witness.device(enrolled.device)?.state == .reset)
                let events = try await broken.witness.events(of: enrolled.device)
                #expect(events.map(\.kind) == [.enrolled, .renewed, .held, .resumed, .reset])
                #expect(events.map(\.generation) == [1, 2, 3, 4, 5])
            }
            #expect(cuts >= 10)
        }
    }

    @Test("releases and records all the same", arguments: moments)
    func release(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            let cuts = try await self.sweep(moment, in: broken) {
                let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
                let receipt = try #require(try await broken.witness.reserve(reservation).receipt)
                let refusal = LedgerFixture.refusal(of: reservation)
                try await broken.ledger.release(receipt, keyUse: .possible, closing: refusal)
                #expect(try await broken.witness.attempt(refusal.traceID)?.outcome == .refused)
                #expect(try await broken.witness.device(reservation.device)?.state == .released)
                let attempt = LedgerFixture.attempt()
                #expect(try await broken.ledger.record(attempt))
            }
            #expect(cuts >= 3)
        }
    }
}
