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

    @Test("places events and records what was delivered all the same", arguments: moments)
    func handOff(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            var cursor: Int64 = 0
            let cuts = try await self.sweep(moment, in: broken) {
                let enrolled = try await broken.witness.enrolled()
                let placed = try await broken.ledger.placeEvents(limit: 9)
                // Run again, it finds its own work done.
                #expect(placed == 1 || placed == 0)
                let event = try #require(try await broken.witness.feed().last)
                #expect(event.event.device == enrolled.device)
                #expect(event.position == cursor + 1)
                cursor = event.position
                #expect(try await broken.ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 600))
                let report = LedgerFixture.report(
                    cursor: cursor,
                    open: [LedgerFixture.delivery(cursor, of: enrolled.device)],
                    settled: [cursor - 1],
                    handedOff: [(enrolled.device, enrolled.serial)]
                )
                #expect(try await broken.ledger.record(report))
                #expect(try await broken.witness.destination("mdm").cursor == cursor)
                #expect(try await broken.witness.device(enrolled.device)?.state == .handedOff)
                let waiting = try await broken.witness.deliveries(to: "mdm", in: .waiting, after: nil, limit: 9)
                #expect(waiting.elements.map(\.position) == [cursor])
                let only = EventSelection(ids: [event.event.id])
                let again = LedgerFixture.act(.replay)
                #expect(try await broken.ledger.replay(only, to: "mdm", by: again) == 1)
                let facts = try #require(try await broken.witness.act(again.traceID)).facts
                #expect(facts == [Fact("destination", "mdm"), Fact("events", "1")])
            }
            #expect(cuts >= 8)
        }
    }

    @Test("tells what is about no device, and keeps tokens, all the same", arguments: moments)
    func tokens(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            var count = 0
            let cuts = try await self.sweep(moment, in: broken) {
                count += 1
                let event = HandOffEvent(
                    id: DeviceID(random: LedgerFixture.octets(16)),
                    kind: .trustRetired,
                    device: nil,
                    generation: 0,
                    serialNumber: nil
                )
                try await broken.ledger.tell(event, subject: "2026-a", details: [], at: LedgerFixture.start)
                let token = APIToken(
                    id: Hexadecimal.encode(LedgerFixture.octets(6)),
                    digest: LedgerFixture.octets(32),
                    name: "mdm",
                    owner: "platform team",
                    scopes: [.readEvents],
                    created: LedgerFixture.start,
                    expires: LedgerFixture.start.adding(days: 90)
                )
                try await broken.ledger.insert(token, by: LedgerFixture.act(.createToken))
                let ended = try #require(
                    try await broken.ledger.revokeToken(token.id, by: LedgerFixture.act(.revokeToken))
                )
                #expect(ended.isNew)
                #expect(try await broken.ledger.record(LedgerFixture.limitRefusal()))
            }
            let kinds = try await broken.witness.pendingEvents(limit: 1_000).map(\.kind)
            #expect(kinds.count { $0 == .trustRetired } == count)
            #expect(kinds.count { $0 == .limitRefused } == count)
            #expect(try await broken.witness.tokens(after: nil, limit: 100).elements.count == count)
            #expect(cuts >= 6)
        }
    }
}
