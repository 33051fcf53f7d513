internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, revoking what a compromised issuer signed")
struct CompromiseContractTests {
    private static let old = LedgerFixture.issuer
    private static let new = "2027-a"
    private static let now = LedgerFixture.start.adding(days: 2)

    @Test("goes on where it was left, and ends when nothing is left", arguments: Implementation.allCases)
    func course(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            var devices: [Enrolled] = []
            for _ in 0..<5 { devices.append(try await ledger.enrolled(by: Self.old)) }
            _ = try await ledger.enrolled(by: Self.old, days: 1)
            let held = devices[0].serial
            _ = try await ledger.revoke(LedgerFixture.order([held], .certificateHold))
            let intent = try #require(
                try await ledger.reserve(
                    LedgerFixture.reservation(
                        of: LedgerFixture.user(),
                        prepared: LedgerFixture.leaf(issuer: Self.old)
                    )
                ).receipt
            )
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            let act = LedgerFixture.act(.compromiseIssuer, at: Self.now)
            #expect(
                await rule {
                    _ = try await ledger.beginCompromise(of: Self.old, successor: Self.new, perMinute: 9, by: act)
                } == "rotation.changed"
            )
            try await ledger.carryOut(try await ledger.change(.compromise, Self.old), by: act)
            #expect(try await ledger.compromises() == [])
            #expect(try await !ledger.finishCompromise(of: Self.old, at: Self.now))

            let begun = try await ledger.beginCompromise(of: Self.old, successor: Self.new, perMinute: 9, by: act)
            #expect(
                begun
                    == CompromiseRecord(
                        issuerID: Self.old,
                        successor: Self.new,
                        traceID: act.traceID,
                        started: Self.now,
                        total: 6,
                        perMinute: 9
                    )
            )
            #expect(try await ledger.compromises() == [begun])
            #expect(try await ledger.revocableCount(of: Self.old, at: Self.now) == 6)
            // The intent is nobody's yet; the one of a day has ended.
            #expect(try await ledger.devicesToRevoke(of: Self.old, at: Self.now) == 5)
            #expect(try await ledger.devicesToRevoke(of: Self.new, at: Self.now) == 0)

            var revoked: [SerialNumber] = []
            while case let page = try await ledger.revocable(.issuer(Self.old), at: Self.now, after: nil, limit: 2),
                !page.elements.isEmpty
            {
                let order = RevocationOrder(serialNumbers: page.elements, reason: .cACompromise, act: act)
                revoked += try await ledger.revoke(order).revoked
                let left = try await ledger.revocableCount(of: Self.old, at: Self.now)
                #expect(left == 6 - revoked.count)
                #expect(try await ledger.devicesToRevoke(of: Self.old, at: Self.now) <= left)
                #expect(try await ledger.finishCompromise(of: Self.old, at: Self.now) == (left == 0))
            }
            #expect(Set(revoked) == Set(devices.map(\.serial) + [intent.serialNumber]))
            #expect(try await ledger.devicesToRevoke(of: Self.old, at: Self.now) == 0)
            for device in devices {
                #expect(try await ledger.device(device.device)?.state == .revoked)
                #expect(try await ledger.events(of: device.device).last?.kind == .revoked)
            }
            let ended = try #require(try await ledger.compromises().first)
            #expect(ended.finished == Self.now)
            #expect(ended.total == 6)
            #expect(try await ledger.finishCompromise(of: Self.old, at: Self.now.adding(days: 1)))
            #expect(try await ledger.compromises() == [ended])

            // Once more, at another rate.
            let other = LedgerFixture.act(.compromiseIssuer, at: Self.now.adding(days: 1))
            let again = try await ledger.beginCompromise(of: Self.old, successor: nil, perMinute: 0, by: other)
            #expect(again.perMinute == 0)
            #expect(again.started == Self.now)
            #expect(again.traceID == act.traceID)
            #expect(again.successor == Self.new)
            #expect(again.finished == Self.now)
        }
    }

    @Test(
        "needs no permit and leaves no slot filled when such a device enrolls again",
        arguments: Implementation.allCases
    )
    func again(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let user = LedgerFixture.user()
            let claims = LedgerFixture.claims()
            let first = LedgerFixture.reservation(of: user, claims: claims, limit: 1)
            let certificate = try #require(try await ledger.enroll(first))
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.compromise, Self.old)
            let order = LedgerFixture.order([certificate.serialNumber], .cACompromise)
            #expect(try await ledger.revoke(order).ended == [first.device])
            let second = LedgerFixture.reservation(
                of: user,
                claims: claims,
                prepared: LedgerFixture.leaf(issuer: Self.new),
                limit: 1
            )
            #expect(try await ledger.enroll(second) != nil)
        }
    }
}
