internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, counting slots")
struct SlotContractTests {
    private static func fill(_ ledger: any LedgerUnderTest, _ user: DirectoryUser, limit: Int) async throws
        -> [Reservation]
    {
        var reservations: [Reservation] = []
        for _ in 0..<limit {
            let reservation = LedgerFixture.reservation(of: user, limit: limit)
            try #require(try await ledger.enroll(reservation) != nil)
            reservations.append(reservation)
        }
        return reservations
    }

    @Test("frees the slot of a released reservation and closes its intent", arguments: Implementation.allCases)
    func release(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let first = LedgerFixture.reservation(of: user, limit: 1)
            let receipt = try #require(try await ledger.reserve(first).receipt)
            let second = LedgerFixture.reservation(of: user, limit: 1)
            #expect(try await ledger.reserve(second).receipt == nil)

            let refusal = LedgerFixture.refusal(of: first)
            try await ledger.release(receipt, keyUse: .none, closing: refusal)
            #expect(try await ledger.device(first.device)?.state == .released)
            let closed = try #require(try await ledger.certificate(receipt.serialNumber))
            #expect(closed.state == .closed)
            #expect(closed.reason == "issuance.signature")
            #expect(try await ledger.attempt(first.attempt.traceID) == refusal)
            #expect(try await ledger.reserve(second).receipt != nil)
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: first, receipt))
            }
            await expectCode(.internalService) { try await ledger.release(receipt, keyUse: .none, closing: refusal) }
        }
    }

    @Test(
        "keeps the intent of a reservation whose key was perhaps used, and frees its slot for good",
        arguments: Implementation.allCases
    )
    func perhapsSigned(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let first = LedgerFixture.reservation(of: user, limit: 1)
            let receipt = try #require(try await ledger.reserve(first).receipt)
            let refusal = LedgerFixture.refusal(of: first)
            try await ledger.release(receipt, keyUse: .possible, closing: refusal)
            let kept = try #require(try await ledger.certificate(receipt.serialNumber))
            #expect(kept.state == .intent)
            #expect(kept.reason == "issuance.signature")
            #expect(try await ledger.device(first.device)?.state == .released)
            #expect(try await ledger.attempt(first.attempt.traceID) == refusal)

            // Nobody ends it a second time, neither as never signed nor as issued.
            for keyUse in AuthorityKeyUse.allCases {
                await expectCode(.internalService) {
                    try await ledger.release(receipt, keyUse: keyUse, closing: refusal)
                }
            }
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: first, receipt))
            }
            let late = LedgerFixture.start.adding(days: 9)
            #expect(try await ledger.releaseReservations(madeBefore: late, at: late, limit: 10) == 0)
            #expect(try await ledger.certificate(receipt.serialNumber) == kept)
        }
    }

    @Test("lets a user, and nobody else, try again with the key of an ended intent", arguments: Implementation.allCases)
    func keyOfEndedIntent(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user(), limit: 1)
            func again(_ user: DirectoryUser) -> Reservation {
                let prepared = LedgerFixture.prepared(key: first.prepared.keyDigest)
                return LedgerFixture.reservation(of: user, claims: first.claims, prepared: prepared, limit: 1)
            }
            let receipt = try #require(try await ledger.reserve(first).receipt)
            try await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: first))
            let stranger = try await ledger.reserve(again(LedgerFixture.user()))
            #expect(stranger == .keyInUse(by: first.device))
            let second = again(first.user)
            #expect(try await ledger.enroll(second) != nil)
            // Now it is certified, and another device of the same user does not get it either.
            let claims = LedgerFixture.claims()
            let prepared = LedgerFixture.prepared(key: first.prepared.keyDigest)
            let third = LedgerFixture.reservation(of: first.user, claims: claims, prepared: prepared)
            #expect(try await ledger.reserve(third) == .keyInUse(by: second.device))
        }
    }

    @Test("does not release what was issued", arguments: Implementation.allCases)
    func releaseIssued(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
            await expectCode(.internalService) {
                try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: reservation))
            }
            #expect(try await ledger.device(reservation.device)?.state == .issued)
            #expect(try await ledger.attempt(reservation.attempt.traceID)?.outcome == .succeeded)
        }
    }

    @Test("leaves a returning device as it was when its reservation is released", arguments: Implementation.allCases)
    func releaseReturning(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user())
            try await ledger.enroll(first)
            let before = try #require(try await ledger.device(first.device))
            let second = LedgerFixture.reservation(
                of: first.user,
                claims: first.claims,
                device: first.device,
                now: LedgerFixture.start.adding(days: 10)
            )
            let receipt = try #require(try await ledger.reserve(second).receipt)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: second))
            #expect(try await ledger.device(first.device) == before)
        }
    }

    @Test("keeps the slot while another reservation of the same device is open", arguments: Implementation.allCases)
    func twoReservations(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user(), limit: 1)
            let one = try #require(try await ledger.reserve(first).receipt)
            let second = LedgerFixture.reservation(
                of: first.user,
                claims: first.claims,
                device: first.device,
                limit: 1
            )
            let two = try #require(try await ledger.reserve(second).receipt)
            try await ledger.release(two, keyUse: .none, closing: LedgerFixture.refusal(of: second))
            #expect(try await ledger.device(first.device)?.state == .reserved)
            try await ledger.confirm(LedgerFixture.confirmation(of: first, one))
            #expect(try await ledger.device(first.device)?.state == .issued)
        }
    }

    @Test("ends old reservations, keeps their intents and never confirms them", arguments: Implementation.allCases)
    func expiry(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let late = LedgerFixture.start.adding(days: 2)
            let old = LedgerFixture.reservation(of: user)
            let receipt = try #require(try await ledger.reserve(old).receipt)
            let done = LedgerFixture.reservation(of: user)
            try await ledger.enroll(done)
            let fresh = LedgerFixture.reservation(of: user, now: late)
            #expect(try await ledger.reserve(fresh).receipt != nil)

            let moment = late.adding(days: -1)
            #expect(try await ledger.releaseReservations(madeBefore: moment, at: moment, limit: 100) == 1)
            #expect(try await ledger.releaseReservations(madeBefore: moment, at: moment, limit: 100) == 0)
            #expect(try await ledger.device(old.device)?.state == .released)
            #expect(try await ledger.device(done.device)?.state == .issued)
            #expect(try await ledger.device(fresh.device)?.state == .reserved)
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
            let attempt = try #require(try await ledger.attempt(old.attempt.traceID))
            #expect(attempt.outcome == .refused)
            #expect(attempt.rule == "reservation.expired")
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: old, receipt))
            }
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: old))
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .closed)
            #expect(try await ledger.attempt(old.attempt.traceID)?.rule == "issuance.signature")
        }
    }

    @Test("ends at most as many reservations a call as asked, oldest first", arguments: Implementation.allCases)
    func expiryInParts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var devices: [DeviceID] = []
            for second in [30, 10, 20] as [Int64] {
                let reservation = LedgerFixture.reservation(
                    of: LedgerFixture.user(),
                    now: LedgerFixture.start.adding(seconds: second)
                )
                #expect(try await ledger.reserve(reservation).receipt != nil)
                devices.append(reservation.device)
            }
            let moment = LedgerFixture.start.adding(days: 1)
            #expect(try await ledger.releaseReservations(madeBefore: moment, at: moment, limit: 2) == 2)
            #expect(try await ledger.device(devices[0])?.state == .reserved)
            #expect(try await ledger.releaseReservations(madeBefore: moment, at: moment, limit: 2) == 1)
        }
    }

    @Test(
        "does not count stale devices, and makes one that returns find a free slot",
        arguments: Implementation.allCases
    )
    func stale(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let old = try await Self.fill(ledger, user, limit: 2)
            let later = LedgerFixture.start.adding(days: 91)
            let stale = later.adding(days: -90)
            #expect(try await ledger.counted(userID: user.id, staleBefore: stale) == [])
            for _ in 0..<2 {
                let reservation = LedgerFixture.reservation(of: user, limit: 2, now: later)
                #expect(try await ledger.enroll(reservation) != nil)
            }
            let full = LedgerFixture.reservation(of: user, limit: 2, now: later)
            #expect(try await ledger.reserve(full).receipt == nil)
            let returning = LedgerFixture.reservation(
                of: user,
                claims: old[0].claims,
                device: old[0].device,
                limit: 2,
                now: later
            )
            #expect(try await ledger.reserve(returning).receipt == nil)
            #expect(try await ledger.counted(userID: user.id, staleBefore: stale).count == 2)
        }
    }

    @Test("counts a device exactly at the moment of staleness", arguments: Implementation.allCases)
    func staleBoundary(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            _ = try await Self.fill(ledger, user, limit: 1)
            let moment = LedgerFixture.start
            #expect(try await ledger.counted(userID: user.id, staleBefore: moment).count == 1)
            let after = Timestamp(microseconds: moment.microseconds + 1)
            #expect(try await ledger.counted(userID: user.id, staleBefore: after) == [])
        }
    }

    @Test("does not count shared devices", arguments: Implementation.allCases)
    func shared(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let devices = try await Self.fill(ledger, user, limit: 1)
            #expect(try await ledger.setShared(true, devices[0].device))
            let next = LedgerFixture.reservation(of: user, limit: 1)
            #expect(try await ledger.enroll(next) != nil)
            let one = LedgerFixture.reservation(of: user, limit: 1)
            #expect(try await ledger.reserve(one).receipt == nil)
            #expect(try await !ledger.setShared(true, DeviceID(random: LedgerFixture.octets(16))))
        }
    }

    @Test("puts a personal limit before every rule until it ends", arguments: Implementation.allCases)
    func personalLimit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            _ = try await Self.fill(ledger, user, limit: 1)
            let until = LedgerFixture.start.adding(days: 1)
            let personal = LimitOverride(maximum: 2, until: until, reason: "new laptop")
            #expect(try await ledger.setLimitOverride(personal, of: user.id))
            #expect(try await ledger.user(user.id)?.limitOverride == personal)
            #expect(try await ledger.enroll(LedgerFixture.reservation(of: user, limit: 1)) != nil)
            #expect(try await ledger.user(user.id)?.limitOverride == personal)
            let third = try await ledger.reserve(LedgerFixture.reservation(of: user, limit: 9))
            guard case .limitReached(let limit, let counted) = third else {
                Issue.record("the personal limit did not hold: \(third)")
                return
            }
            #expect(limit.maximum == 2)
            #expect(limit.rule == "override")
            #expect(counted.count == 2)
            let afterwards = LedgerFixture.reservation(of: user, limit: 3, now: until)
            #expect(try await ledger.enroll(afterwards) != nil)
            #expect(try await !ledger.setLimitOverride(personal, of: "nobody"))
        }
    }

    @Test("names the devices that fill the slots, the most recent contact first", arguments: Implementation.allCases)
    func countedDevices(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            for (name, second) in [("A", 5), ("B", 9), ("C", 7)] as [(String, Int64)] {
                let claims = LedgerFixture.claims(name: name)
                let now = LedgerFixture.start.adding(seconds: second)
                try await ledger.enroll(LedgerFixture.reservation(of: user, claims: claims, now: now))
            }
            let counted = try await ledger.counted(userID: user.id, staleBefore: LedgerFixture.start)
            #expect(counted.map(\.name) == ["B", "C", "A"])
            #expect(counted.allSatisfy { $0.state == .issued && $0.certificateEnds != nil })
        }
    }

    @Test("lets a user with limit zero have nothing", arguments: Implementation.allCases)
    func zero(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let outcome = try await ledger.reserve(LedgerFixture.reservation(of: LedgerFixture.user(), limit: 0))
            #expect(outcome.receipt == nil)
        }
    }
}
