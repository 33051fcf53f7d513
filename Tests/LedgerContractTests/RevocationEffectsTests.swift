internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when a revocation meets what else goes on")
struct RevocationEffectsTests {
    private static let later = LedgerFixture.start.adding(days: 1)

    private static func enrolled(
        in ledger: any LedgerUnderTest,
        of user: DirectoryUser = LedgerFixture.user()
    ) async throws -> Enrolled {
        let reservation = LedgerFixture.reservation(of: user, prepared: LedgerFixture.leaf())
        return Enrolled(reservation: reservation, certificate: try #require(try await ledger.enroll(reservation)))
    }

    // MARK: The record

    @Test("records who ordered it, why, and what it did", arguments: Implementation.allCases)
    func act(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let order = LedgerFixture.order([device.serial, LedgerFixture.serial()])
            _ = try await ledger.rehearse(order)
            #expect(try await ledger.act(order.act.traceID) == nil)
            _ = try await ledger.revoke(order)
            let record = try #require(try await ledger.act(order.act.traceID))
            #expect(record.act == order.act)
            #expect(record.device == device.device)
            #expect(
                record.facts == [
                    Fact("reason", "keyCompromise"), Fact("revoked", "1"), Fact("unknown", "1"),
                    Fact("devices-ended", "1"), Fact("certificate", device.serial.description),
                ]
            )
            #expect(try await ledger.acts(of: device.device, limit: 9) == [record])
            let again = LedgerFixture.order([device.serial])
            _ = try await ledger.revoke(again)
            #expect(try await ledger.act(again.act.traceID) == nil)
        }
    }

    @Test("keeps one record of an act in several parts, whose facts add up", arguments: Implementation.allCases)
    func parts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = try await Self.enrolled(in: ledger)
            let second = try await Self.enrolled(in: ledger)
            let key = LedgerFixture.octets(32)
            let act = LedgerFixture.act()
            #expect(try await ledger.blockKey(key, act: act))
            for device in [first, second] {
                _ = try await ledger.revoke(
                    RevocationOrder(serialNumbers: [device.serial], reason: .superseded, act: act)
                )
            }
            let record = try #require(try await ledger.act(act.traceID))
            #expect(record.device == nil)
            #expect(record.facts.first == Fact("key", Hexadecimal.encode(key)))
            #expect(record.facts.filter { $0.name == "revoked" }.map(\.value) == ["1", "1"])
            #expect(
                record.facts.filter { $0.name == "certificate" }.map(\.value)
                    == [first.serial.description, second.serial.description]
            )
        }
    }

    @Test("does nothing under another act's trace id", arguments: Implementation.allCases)
    func foreignTraceID(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = try await Self.enrolled(in: ledger)
            let second = try await Self.enrolled(in: ledger)
            let order = LedgerFixture.order([first.serial])
            _ = try await ledger.revoke(order)
            let stranger = AdministrativeAct(
                traceID: order.act.traceID,
                verb: .revoke,
                actor: "somebody else",
                reason: order.act.reason,
                ticket: nil,
                time: order.act.time
            )
            let other = RevocationOrder(serialNumbers: [second.serial], reason: .superseded, act: stranger)
            #expect(await rule { _ = try await ledger.revoke(other) } == "act.trace-id")
            #expect(try await ledger.revocation(of: second.serial) == nil)
            #expect(try await ledger.device(second.device)?.state == .issued)
            #expect(try await ledger.newestChange() == 1)
        }
    }

    @Test("tells the management server which certificate it was", arguments: Implementation.allCases)
    func event(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            _ = try await ledger.revoke(LedgerFixture.order([device.serial]))
            let event = try #require(try await ledger.pendingEvents(limit: 10).last)
            #expect(event.kind == .revoked)
            #expect(event.device == device.device)
            #expect(event.serialNumber == device.serial)
            #expect(event.generation == 2)
            #expect(try await ledger.device(device.device)?.generation == 2)
        }
    }

    // MARK: Renewals

    @Test("lets no renewal of a revoked certificate be completed", arguments: Implementation.allCases)
    func renewal(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let candidate = try #require(try await ledger.candidate(thumbprint: device.certificate.thumbprint))
            let renewal = LedgerFixture.renewal(of: candidate, by: device.user, at: Self.later)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            let outcome = try await ledger.revoke(LedgerFixture.order([device.serial]))
            #expect(outcome.revoked == [device.serial, receipt.serialNumber])
            #expect(outcome.ended == [device.device])
            #expect(
                await rule { try await ledger.confirm(LedgerFixture.confirmation(of: renewal, receipt)) }
                    == "ledger.intent"
            )
            #expect(try await ledger.device(device.device)?.state == .revoked)
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .revoked)
            let again = LedgerFixture.renewal(of: candidate, by: device.user, at: Self.later)
            #expect(try await ledger.reserve(again) == .standingChanged)
        }
    }

    @Test(
        "ends the renewal of a former certificate that is revoked, not its device",
        arguments: Implementation.allCases
    )
    func formerRenewal(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let moment = LedgerFixture.start.adding(seconds: 60)
            let again = LedgerFixture.reservation(
                of: device.user,
                claims: device.reservation.claims,
                device: device.device,
                now: moment
            )
            let new = try #require(try await ledger.enroll(again)).serialNumber
            let candidate = try #require(try await ledger.candidate(thumbprint: device.certificate.thumbprint))
            let renewal = LedgerFixture.renewal(of: candidate, by: device.user, at: moment)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            let outcome = try await ledger.revoke(LedgerFixture.order([device.serial], at: moment))
            #expect(outcome == RevocationOutcome(revoked: [device.serial, receipt.serialNumber]))
            #expect(try await ledger.device(device.device)?.certificateSerial == new)
            #expect(try await ledger.device(device.device)?.state.occupiesSlot == true)
            #expect(try await ledger.attempt(renewal.attempt.traceID)?.outcome == .refused)
        }
    }

    // MARK: Holds and permits

    @Test("revokes for good what is on hold, and ends the held device", arguments: Implementation.allCases)
    func held(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let hold = LedgerFixture.order(.hold, device.device)
            #expect(try await ledger.hold(hold).report != nil)
            let outcome = try await ledger.revoke(LedgerFixture.order([device.serial]))
            #expect(outcome == RevocationOutcome(revoked: [device.serial], ended: [device.device]))
            #expect(try await ledger.revocation(of: device.serial)?.revoked == LedgerFixture.start)
            #expect(try await ledger.resume(LedgerFixture.order(.resume, device.device)).isRefused)
        }
    }

    @Test("gives the permit back that a revoked intent had used", arguments: Implementation.allCases)
    func permit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let until = LedgerFixture.start.adding(days: 7)
            let reset = LedgerFixture.order(.reset, device.device, permitUntil: until)
            #expect(try await ledger.reset(reset).report != nil)
            let again = LedgerFixture.reservation(of: device.user, claims: device.reservation.claims)
            let receipt = try #require(try await ledger.reserve(again).receipt)
            #expect(try await ledger.permits(of: device.device, at: LedgerFixture.start) == [])
            _ = try await ledger.revoke(LedgerFixture.order([receipt.serialNumber], at: LedgerFixture.start))
            #expect(try await ledger.permits(of: device.device, at: LedgerFixture.start).map(\.until) == [until])
            #expect(
                try await ledger.enroll(
                    LedgerFixture.reservation(of: device.user, claims: device.reservation.claims)
                ) != nil
            )
        }
    }

    @Test("leaves no permit to renew with a device that has ended", arguments: Implementation.allCases)
    func renewalPermit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let until = LedgerFixture.start.adding(days: 500)
            let order = LedgerFixture.order(.permit, device.device)
            #expect(try await ledger.permit(.renewal, until: until, order).report != nil)
            let candidate = try #require(try await ledger.candidate(thumbprint: device.certificate.thumbprint))
            let renewal = LedgerFixture.renewal(of: candidate, by: device.user, usesPermit: true, at: Self.later)
            #expect(try await ledger.reserve(renewal).receipt != nil)
            _ = try await ledger.revoke(LedgerFixture.order([device.serial]))
            #expect(try await ledger.permits(of: device.device, at: Self.later) == [])
        }
    }

    @Test(
        "tells of a compromised key after a reset, and leaves the device as it was",
        arguments: Implementation.allCases
    )
    func afterReset(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = try await Self.enrolled(in: ledger)
            let reset = LedgerFixture.order(.reset, device.device)
            #expect(try await ledger.reset(reset).report != nil)
            let outcome = try await ledger.revoke(LedgerFixture.order([device.serial]))
            #expect(outcome == RevocationOutcome(revoked: [device.serial]))
            #expect(try await ledger.device(device.device)?.state == .reset)
            #expect(
                try await ledger.status(of: device.serial, issuedBy: LedgerFixture.issuer)
                    == .revoked(reason: .keyCompromise, at: LedgerFixture.start)
            )
        }
    }
}
