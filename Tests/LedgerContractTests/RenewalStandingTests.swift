internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when a renewal is overtaken or comes late")
struct RenewalStandingTests {
    private static let due = LedgerFixture.start.adding(days: 306)

    /// What happens to a device while it renews.
    enum Overtaking: CaseIterable {
        case reset, retired, held, revoked, compromised, superseded
    }

    private static func overtake(
        _ enrolled: Enrolled,
        by overtaking: Overtaking,
        in ledger: any LedgerUnderTest,
        at now: Timestamp
    ) async throws {
        switch overtaking {
        case .reset:
            let order = LedgerFixture.order(.reset, enrolled.device, at: now, permitUntil: now.adding(days: 7))
            #expect(try await ledger.reset(order).report != nil)
        case .retired:
            #expect(try await ledger.retire(LedgerFixture.order(.retire, enrolled.device, at: now)).report != nil)
        case .held:
            #expect(try await ledger.hold(LedgerFixture.order(.hold, enrolled.device, at: now)).report != nil)
        case .revoked, .compromised:
            let reason: RevocationReason = overtaking == .revoked ? .privilegeWithdrawn : .keyCompromise
            let outcome = try await ledger.revoke(LedgerFixture.order([enrolled.serial], reason, at: now))
            #expect(outcome.revoked.contains(enrolled.serial))
        case .superseded:
            let again = try await ledger.enrolled(
                enrolled.user,
                claims: enrolled.reservation.claims,
                as: enrolled.device,
                at: now
            )
            _ = try await ledger.see(again.certificate, at: now)
            #expect(try await ledger.state(of: enrolled.certificate) == .superseded)
        }
    }

    @Test(
        "gives no certificate to a device that was overtaken since it was looked up",
        arguments: Implementation.allCases,
        Overtaking.allCases
    )
    func beforeReserving(implementation: Implementation, overtaking: Overtaking) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            try await Self.overtake(enrolled, by: overtaking, in: ledger, at: Self.due)
            let before = try await ledger.device(enrolled.device)
            let stale = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            #expect(try await ledger.reserve(stale) == .standingChanged)
            // Judged on what is there now, whatever was looked up.
            let fresh = try await ledger.candidate(of: enrolled.certificate)
            let again = LedgerFixture.renewal(of: fresh, by: enrolled.user, at: Self.due)
            #expect(try await ledger.reserve(again) == .standingChanged)
            #expect(try await ledger.device(enrolled.device) == before)
            for renewal in [stale, again] {
                #expect(try await ledger.certificate(renewal.prepared.draft.serialNumber) == nil)
                #expect(try await ledger.attempt(renewal.attempt.traceID) == nil)
            }
        }
    }

    @Test(
        "gives no certificate to a device that was overtaken while it was signed",
        arguments: Implementation.allCases,
        Overtaking.allCases
    )
    func beforeConfirming(implementation: Implementation, overtaking: Overtaking) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            try await Self.overtake(enrolled, by: overtaking, in: ledger, at: Self.due.adding(seconds: 1))
            let events = try await ledger.events(of: enrolled.device)
            let confirmation = LedgerFixture.confirmation(of: renewal, receipt)
            let expected: String =
                switch overtaking {
                case .reset, .retired: "ledger.deviceEnded"
                case .held: "device.held"
                // The order ended the intent with its predecessor.
                case .revoked, .compromised: "ledger.intent"
                case .superseded: "renewal.overtaken"
                }
            #expect(await rule { try await ledger.confirm(confirmation) } == expected)
            #expect(try await ledger.certificate(receipt.serialNumber)?.der == nil)
            #expect(try await ledger.candidate(thumbprint: confirmation.certificate.thumbprint) == nil)
            #expect(try await ledger.events(of: enrolled.device) == events)
            #expect(try await ledger.device(enrolled.device)?.certificateSerial != receipt.serialNumber)

            // A held device gets it once it is resumed; all others' intents end revoked.
            let late = Self.due.adding(days: 2)
            if overtaking == .held {
                let onHold = try await ledger.revocation(of: receipt.serialNumber)
                #expect(onHold?.reason == .certificateHold)
                _ = try await ledger.resume(LedgerFixture.order(.resume, enrolled.device, at: Self.due))
                try await ledger.confirm(confirmation)
                #expect(try await ledger.revocation(of: receipt.serialNumber) == nil)
            } else {
                _ = try await ledger.releaseReservations(madeBefore: late, at: late, limit: 9)
                #expect(try await ledger.revocation(of: receipt.serialNumber) != nil)
                #expect(try await ledger.attempt(renewal.attempt.traceID)?.outcome == .refused)
            }
        }
    }

    @Test("gives an enrolling device nothing either once it has ended or is held", arguments: Implementation.allCases)
    func enrollment(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let again = LedgerFixture.reservation(
                of: enrolled.user,
                claims: enrolled.reservation.claims,
                device: enrolled.device
            )
            let receipt = try #require(try await ledger.reserve(again).receipt)
            let confirmation = LedgerFixture.confirmation(of: again, receipt)
            _ = try await ledger.hold(LedgerFixture.order(.hold, enrolled.device))
            await expectCode(.authorization) { try await ledger.confirm(confirmation) }
            #expect(try await ledger.device(enrolled.device)?.state == .held)
            _ = try await ledger.resume(LedgerFixture.order(.resume, enrolled.device))
            _ = try await ledger.reset(LedgerFixture.order(.reset, enrolled.device))
            #expect(await rule { try await ledger.confirm(confirmation) } == "ledger.deviceEnded")
            // Whoever worked on it still says how it ended.
            try await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: again))
            #expect(try await ledger.device(enrolled.device)?.state == .reset)
            #expect(try await ledger.attempt(again.attempt.traceID)?.outcome == .refused)
        }
    }

    @Test("lets no late renewal end the certificate that a later request brought", arguments: Implementation.allCases)
    func lateRenewal(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            // The device gave up waiting for the first answer and asked again; the directory was slow the first time.
            let first = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let slow = try #require(try await ledger.reserve(first).receipt)
            let second = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let quick = try #require(try await ledger.reserve(second).receipt)
            let received = LedgerFixture.confirmation(of: second, quick)
            try await ledger.confirm(received)
            let late = LedgerFixture.confirmation(of: first, slow)
            #expect(await rule { try await ledger.confirm(late) } == "renewal.overtaken")
            #expect(try await ledger.certificate(slow.serialNumber)?.state == .intent)
            #expect(try await ledger.state(of: received.certificate) == .issued)
            #expect(try await ledger.revocation(of: quick.serialNumber) == nil)
            #expect(try await ledger.device(enrolled.device)?.certificateSerial == quick.serialNumber)
        }
    }

    @Test(
        "lets no late answer take the place of a later enrollment's",
        arguments: Implementation.allCases,
        [false, true]
    )
    func lateEnrollment(implementation: Implementation, isRenewal: Bool) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let late: EnrollmentCore.Confirmation
            if isRenewal {
                let candidate = try await ledger.candidate(of: enrolled.certificate)
                let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
                let receipt = try #require(try await ledger.reserve(renewal).receipt)
                late = LedgerFixture.confirmation(of: renewal, receipt)
            } else {
                let again = LedgerFixture.reservation(
                    of: enrolled.user,
                    claims: enrolled.reservation.claims,
                    device: enrolled.device,
                    now: Self.due
                )
                let receipt = try #require(try await ledger.reserve(again).receipt)
                late = LedgerFixture.confirmation(of: again, receipt)
            }
            let received = try await ledger.enrolled(
                enrolled.user,
                claims: enrolled.reservation.claims,
                as: enrolled.device,
                at: Self.due
            )
            let expected = isRenewal ? "renewal.overtaken" : "ledger.overtaken"
            #expect(await rule { try await ledger.confirm(late) } == expected)
            _ = try await ledger.see(received.certificate, at: Self.due.adding(seconds: 9))
            // What the device uses is what counts for it, and no overlap's end takes it away.
            #expect(try await ledger.device(enrolled.device)?.certificateSerial == received.serial)
            _ = try await ledger.supersede(dueBy: Self.due.adding(days: 99), limit: 9)
            #expect(try await ledger.state(of: received.certificate) == .issued)
        }
    }

    @Test("renews for nobody but the owner", arguments: Implementation.allCases)
    func owner(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let stranger = LedgerFixture.renewal(of: candidate, by: LedgerFixture.user(), at: Self.due)
            #expect(try await ledger.reserve(stranger) == .standingChanged)
        }
    }

    @Test("takes an issued device that was seen in between as it is", arguments: Implementation.allCases)
    func seenInBetween(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            _ = try await ledger.see(enrolled.certificate, at: Self.due)
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            #expect(try await ledger.reserve(renewal).receipt != nil)
        }
    }

    // MARK: After expiry

    private static let late = LedgerFixture.start.adding(days: 370)

    private static func expired(
        in ledger: any LedgerUnderTest,
        _ user: DirectoryUser = LedgerFixture.user()
    ) async throws -> Enrolled {
        let enrolled = try await ledger.enrolled(user)
        #expect(try await ledger.expire(endedBefore: Self.late, at: Self.late, limit: 9) == 1)
        #expect(try await ledger.device(enrolled.device)?.state == .expired)
        return enrolled
    }

    @Test("brings an expired device back to a slot, or to where it was", arguments: Implementation.allCases)
    func comesBack(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await Self.expired(in: ledger)
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let full = LedgerFixture.renewal(of: candidate, by: enrolled.user, limit: 0, at: Self.late)
            guard case .limitReached(_, let counted) = try await ledger.reserve(full) else {
                Issue.record("a device came back past the limit")
                return
            }
            #expect(counted == [])

            let first = LedgerFixture.renewal(of: candidate, by: enrolled.user, limit: 1, at: Self.late)
            let one = try #require(try await ledger.reserve(first).receipt)
            #expect(try await ledger.device(enrolled.device)?.state == .reserved)
            let next = LedgerFixture.reservation(of: enrolled.user, limit: 1, now: Self.late)
            #expect(try await ledger.reserve(next).receipt == nil)
            try await ledger.release(one, keyUse: .none, closing: LedgerFixture.refusal(of: first))
            #expect(try await ledger.device(enrolled.device)?.state == .expired)

            let second = LedgerFixture.renewal(of: candidate, by: enrolled.user, limit: 1, at: Self.late)
            let two = try #require(try await ledger.reserve(second).receipt)
            try await ledger.confirm(LedgerFixture.confirmation(of: second, two))
            #expect(try await ledger.device(enrolled.device)?.state == .active)
            #expect(try await ledger.supersede(dueBy: Self.late, limit: 9) == 1)
            #expect(try await ledger.state(of: enrolled.certificate) == .superseded)
            #expect(
                try await ledger.events(of: enrolled.device).map(\.kind)
                    == [.enrolled, .expired, .renewed, .superseded]
            )
        }
    }

    @Test("uses a permit up for one certificate, and gives it back without one", arguments: Implementation.allCases)
    func permit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await Self.expired(in: ledger)
            let until = Self.late.adding(days: 7)
            let order = LedgerFixture.order(.permit, enrolled.device, at: Self.late)
            let report = try #require(try await ledger.permit(.renewal, until: until, order).report)
            #expect(report.permitUntil == until)
            let permit = Permit(kind: .renewal, device: enrolled.device, until: until, usedFor: nil)
            #expect(try await ledger.permits(of: enrolled.device, at: until) == [permit])
            let after = Timestamp(microseconds: until.microseconds + 1)
            #expect(try await ledger.permits(of: enrolled.device, at: after) == [])

            let candidate = try await ledger.candidate(of: enrolled.certificate)
            #expect(candidate.permit == permit)
            func renewal(_ now: Timestamp = Self.late) -> RenewalReservation {
                LedgerFixture.renewal(of: candidate, by: enrolled.user, usesPermit: true, at: now)
            }
            #expect(try await ledger.reserve(renewal(after)) == .standingChanged)
            let first = renewal()
            let one = try #require(try await ledger.reserve(first).receipt)
            #expect(try await ledger.permits(of: enrolled.device, at: Self.late) == [])
            try await ledger.release(one, keyUse: .possible, closing: LedgerFixture.refusal(of: first))
            #expect(try await ledger.permits(of: enrolled.device, at: Self.late) == [permit])

            // Nor does one that was never concluded cost it.
            #expect(try await ledger.reserve(renewal()).receipt != nil)
            let days = Self.late.adding(days: 2)
            #expect(try await ledger.releaseReservations(madeBefore: days, at: days, limit: 9) == 1)
            #expect(try await ledger.device(enrolled.device)?.state == .expired)

            let second = renewal(until)
            let two = try #require(try await ledger.reserve(second).receipt)
            try await ledger.confirm(LedgerFixture.confirmation(of: second, two))
            #expect(try await ledger.permits(of: enrolled.device, at: Self.late) == [])
            #expect(try await ledger.candidate(of: enrolled.certificate).permit == nil)
        }
    }

    @Test("takes no permit that was replaced or taken back meanwhile", arguments: Implementation.allCases)
    func permitChanged(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await Self.expired(in: ledger)
            for days in [7, 8] {
                let order = LedgerFixture.order(.permit, enrolled.device, at: Self.late)
                _ = try await ledger.permit(.renewal, until: Self.late.adding(days: days), order)
            }
            #expect(
                try await ledger.permits(of: enrolled.device, at: Self.late).map(\.until) == [Self.late.adding(days: 8)]
            )
            let now = try await ledger.candidate(of: enrolled.certificate)
            let former = RenewalCandidate(
                certificate: now.certificate,
                revocation: nil,
                device: now.device,
                permit: now.permit.map {
                    Permit(kind: $0.kind, device: $0.device, until: Self.late.adding(days: 7), usedFor: nil)
                },
                trusted: []
            )
            let renewal = LedgerFixture.renewal(of: former, by: enrolled.user, usesPermit: true, at: Self.late)
            #expect(try await ledger.reserve(renewal) == .standingChanged)
        }
    }

    @Test("lets no hardware come back twice", arguments: Implementation.allCases)
    func replaced(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await Self.expired(in: ledger)
            let anew = try await ledger.enrolled(enrolled.user, claims: enrolled.reservation.claims, at: Self.late)
            #expect(anew.device != enrolled.device)
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.late)
            #expect(await rule { _ = try await ledger.reserve(renewal) } == "renewal.replaced")
            #expect(try await ledger.device(enrolled.device)?.state == .expired)
        }
    }
}
