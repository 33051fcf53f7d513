internal import EnrollmentCore
internal import Ledger
internal import Testing

extension QueryPlanTests {
    /// Every way of writing what happens to devices after they enrolled.
    static func useLife(_ ledger: any LedgerUnderTest) async throws {
        let now = LedgerFixture.start.adding(days: 306)
        let first = try await ledger.enrolled()
        _ = try await ledger.renew(first.certificate, by: first.user, at: now)
        let new = try await ledger.renew(first.certificate, by: first.user, at: now)
        _ = try await ledger.see(new, at: now.adding(days: 1))
        try await ledger.noteConflict("It looks odd.", on: first.device)
        _ = try await ledger.hold(LedgerFixture.order(.hold, first.device, at: now))
        _ = try await ledger.hold(LedgerFixture.order(.hold, first.device, at: now))
        _ = try await ledger.resume(LedgerFixture.order(.resume, first.device, at: now))
        _ = try await ledger.permit(.renewal, until: now.adding(days: 1), LedgerFixture.order(.permit, first.device))
        let renewal = LedgerFixture.renewal(
            of: try await ledger.candidate(of: new),
            by: first.user,
            usesPermit: true,
            at: now
        )
        let receipt = try #require(try await ledger.reserve(renewal).receipt)
        try await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: renewal))
        let until = now.adding(days: 9)
        _ = try await ledger.reset(LedgerFixture.order(.reset, first.device, at: now, permitUntil: until))
        let unnamed = LedgerFixture.claims(hardware: nil)
        for claims in [first.reservation.claims, unnamed] {
            let back = LedgerFixture.reservation(of: first.user, claims: claims, now: now)
            let receipt = try #require(try await ledger.reserve(back).receipt)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: back))
        }
        _ = try await ledger.retire(LedgerFixture.order(.retire, first.device, at: now))

        // The certificate's end, its successor's, and a device that comes back.
        let brief = try await ledger.enrolled(days: 3)
        let replaced = try await ledger.enrolled(days: 4)
        _ = try await ledger.renew(replaced.certificate, by: replaced.user, at: LedgerFixture.later(60))
        _ = try await ledger.supersede(dueBy: now, limit: 9)
        #expect(try await ledger.expire(endedBefore: now, at: now, limit: 9) > 0)
        let late = LedgerFixture.renewal(of: try await ledger.candidate(of: brief.certificate), by: brief.user, at: now)
        #expect(try await ledger.reserve(late).receipt != nil)
        let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 3)
        for days in 0..<2 { try await ledger.makeCRL(of: shard, at: now.adding(days: days)) }
        #expect(try await ledger.pruneCertificates(endedBefore: now, at: now, limit: 9) > 0)
        #expect(try await ledger.pruneChanges(recordedBefore: now.adding(days: 9), limit: 9) > 0)
        #expect(try await ledger.pruneAttempts(startedBefore: now, limit: 9) > 0)
    }

    /// Every question about that.
    static func askForLife(_ ledger: any LedgerUnderTest, _ reservation: Reservation) async throws {
        let now = LedgerFixture.start
        let device = reservation.device
        let thumbprint = try #require(
            try await ledger.certificates(CertificateQuery(state: .issued)).elements.compactMap(\.thumbprint).first
        )
        _ = try await ledger.candidate(thumbprint: thumbprint)
        _ = try await ledger.note(Contact(thumbprint: [1], witness: .renewal, time: now))
        _ = try await ledger.permits(of: device, at: now)
        _ = try await ledger.acts(of: device, limit: 5)
        _ = try await ledger.act(reservation.attempt.traceID)
        let far = now.adding(days: 4_000)
        let page = try await ledger.fallingOut(endingBefore: far, after: nil, limit: 1)
        _ = try await ledger.fallingOut(endingBefore: far, after: page.next, limit: 1)
        _ = try await ledger.fleet(at: now)
        _ = try await ledger.managementAccounts()
        _ = try await ledger.proof(of: reservation.prepared.draft.serialNumber)
    }
}
