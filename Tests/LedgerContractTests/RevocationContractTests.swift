internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when certificates are revoked")
struct RevocationContractTests {
    private static let later = LedgerFixture.start.adding(days: 1)

    /// A device with one certificate.
    private static func enrolled(
        in ledger: any LedgerUnderTest,
        of user: DirectoryUser = LedgerFixture.user(),
        shard: Int? = 3
    ) async throws -> (reservation: Reservation, serial: SerialNumber) {
        let reservation = LedgerFixture.reservation(of: user, prepared: LedgerFixture.prepared(shard: shard))
        return (reservation, try #require(try await ledger.enroll(reservation)).serialNumber)
    }

    /// Enrolls the same device again; both certificates are valid for a day.
    private static func enrolledAgain(
        _ first: Reservation,
        in ledger: any LedgerUnderTest
    ) async throws -> SerialNumber {
        let again = LedgerFixture.reservation(of: first.user, claims: first.claims, device: first.device)
        return try #require(try await ledger.enroll(again)).serialNumber
    }

    // MARK: One certificate

    @Test("revokes a device's only certificate and ends the device", arguments: Implementation.allCases)
    func onlyOne(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let (reservation, serial) = try await Self.enrolled(in: ledger, of: user)
            let events = try await ledger.eventIDs().count
            let generation = try #require(try await ledger.device(reservation.device)).generation

            let outcome = try await ledger.revoke(LedgerFixture.order([serial]))
            #expect(outcome == RevocationOutcome(revoked: [serial], ended: [reservation.device]))
            let certificate = try #require(try await ledger.certificate(serial))
            #expect(certificate.state == .revoked)
            #expect(certificate.reason == "keyCompromise")
            let device = try #require(try await ledger.device(reservation.device))
            #expect(device.state == .revoked)
            #expect(device.generation == generation + 1)
            #expect(try await ledger.eventIDs().count == events + 1)
            let revocation = Revocation(
                serialNumber: serial,
                issuerID: LedgerFixture.issuer,
                reason: .keyCompromise,
                revoked: Self.later
            )
            #expect(try await ledger.revocation(of: serial) == revocation)
            #expect(
                try await ledger.status(of: serial, issuedBy: LedgerFixture.issuer)
                    == .revoked(reason: .keyCompromise, at: Self.later)
            )
            let changes = try await ledger.changes(after: 0, limit: 10)
            #expect(changes.map(\.serialNumber) == [serial])
            #expect(changes.map(\.shard) == [CRLShard(issuerID: LedgerFixture.issuer, number: 3)])
            #expect(changes.map(\.recorded) == [Self.later])
            // The slot is free, and the hardware may come again.
            let again = LedgerFixture.reservation(of: user, claims: reservation.claims, limit: 1)
            #expect(try await ledger.enroll(again) != nil)
        }
    }

    @Test("leaves what is revoked already as it is", arguments: Implementation.allCases)
    func already(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (reservation, serial) = try await Self.enrolled(in: ledger)
            _ = try await ledger.revoke(LedgerFixture.order([serial], .superseded))
            let device = try await ledger.device(reservation.device)
            let events = try await ledger.eventIDs()
            let standing = try #require(try await ledger.revocation(of: serial))
            let again = LedgerFixture.order([serial, serial], .privilegeWithdrawn, at: Self.later.adding(days: 1))
            #expect(try await ledger.revoke(again) == RevocationOutcome(already: [standing]))
            #expect(try await ledger.revocation(of: serial) == standing)
            #expect(try await ledger.certificate(serial)?.reason == "superseded")
            #expect(try await ledger.newestChange() == 1)
            #expect(try await ledger.device(reservation.device) == device)
            #expect(try await ledger.eventIDs() == events)
        }
    }

    @Test(
        "tells of a compromised key whatever was said before, since the first moment",
        arguments: Implementation.allCases
    )
    func replaced(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for former in RevocationReason.allCases {
                let (_, serial) = try await Self.enrolled(in: ledger)
                _ = try await ledger.revoke(LedgerFixture.order([serial], former))
                let change = try await ledger.newestChange()
                let late = LedgerFixture.order([serial], .keyCompromise, at: Self.later.adding(days: 7))
                let outcome = try await ledger.revoke(late)
                let isNew = former != .keyCompromise && former != .cACompromise
                #expect(outcome.revoked == (isNew ? [serial] : []))
                let reason = isNew ? RevocationReason.keyCompromise : former
                #expect(try await ledger.revocation(of: serial)?.reason == reason)
                #expect(try await ledger.revocation(of: serial)?.revoked == Self.later)
                #expect(try await ledger.certificate(serial)?.reason == reason.name)
                #expect(try await ledger.newestChange() == change + (isNew ? 1 : 0))
            }
        }
    }

    @Test("knows nothing of serial numbers never chosen or certainly never signed", arguments: Implementation.allCases)
    func unknown(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: reservation))
            let serials = [LedgerFixture.serial(), receipt.serialNumber]
            let outcome = try await ledger.revoke(LedgerFixture.order(serials))
            #expect(outcome == RevocationOutcome(unknown: serials))
            #expect(try await ledger.newestChange() == 0)
            for serial in serials {
                #expect(try await ledger.status(of: serial, issuedBy: LedgerFixture.issuer) == .unknown)
                #expect(try await ledger.revocation(of: serial) == nil)
            }
        }
    }

    @Test("says unknown of another issuer's certificate, good of an intent", arguments: Implementation.allCases)
    func status(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (_, serial) = try await Self.enrolled(in: ledger)
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let intent = try #require(try await ledger.reserve(reservation).receipt).serialNumber
            for serial in [serial, intent] {
                #expect(try await ledger.status(of: serial, issuedBy: LedgerFixture.issuer) == .good)
                #expect(try await ledger.status(of: serial, issuedBy: "2027-a") == .unknown)
            }
        }
    }

    @Test("revokes what is still to come: it is never stored, and its slot is free", arguments: Implementation.allCases)
    func intent(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let reservation = LedgerFixture.reservation(of: user)
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            let outcome = try await ledger.revoke(LedgerFixture.order([receipt.serialNumber], .cessationOfOperation))
            #expect(outcome == RevocationOutcome(revoked: [receipt.serialNumber]))
            #expect(
                await rule { try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt)) }
                    == "ledger.intent"
            )
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .revoked)
            #expect(try await ledger.device(reservation.device)?.state == .released)
            #expect(try await ledger.attempt(reservation.attempt.traceID)?.outcome == .refused)
            #expect(
                try await ledger.status(of: receipt.serialNumber, issuedBy: LedgerFixture.issuer)
                    == .revoked(reason: .cessationOfOperation, at: Self.later)
            )
            #expect(try await ledger.enroll(LedgerFixture.reservation(of: user, limit: 1)) != nil)
        }
    }

    @Test("revokes a certificate that no device holds", arguments: Implementation.allCases)
    func withoutDevice(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let receipt = try await ledger.recordIntent(LedgerFixture.prepared(shard: nil), at: LedgerFixture.start)
            let outcome = try await ledger.revoke(LedgerFixture.order([receipt.serialNumber]))
            #expect(outcome == RevocationOutcome(revoked: [receipt.serialNumber]))
            #expect(try await ledger.changes(after: 0, limit: 1).map(\.shard.number) == [0])
        }
    }

    // MARK: Devices with more than one

    @Test("gives a device its other valid certificate back, for good", arguments: Implementation.allCases)
    func otherOne(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (reservation, old) = try await Self.enrolled(in: ledger)
            let new = try await Self.enrolledAgain(reservation, in: ledger)
            let moment = LedgerFixture.start.adding(seconds: 60)
            #expect(try await ledger.revoke(LedgerFixture.order([new], at: moment)).ended == [])
            #expect(try await ledger.device(reservation.device)?.state == .issued)
            #expect(try await ledger.device(reservation.device)?.certificateSerial == old)
            // What was to replace it is gone, so nothing supersedes it any more.
            #expect(try await ledger.supersede(dueBy: LedgerFixture.start.adding(days: 9), limit: 10) == 0)
            #expect(try await ledger.revoke(LedgerFixture.order([old])).ended == [reservation.device])
        }
    }

    @Test("leaves a device alone whose former certificate is revoked", arguments: Implementation.allCases)
    func formerOne(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (reservation, old) = try await Self.enrolled(in: ledger)
            _ = try await Self.enrolledAgain(reservation, in: ledger)
            let device = try await ledger.device(reservation.device)
            #expect(try await ledger.revoke(LedgerFixture.order([old])) == RevocationOutcome(revoked: [old]))
            #expect(try await ledger.device(reservation.device) == device)
        }
    }

    @Test("ends a device with all it has, and what was under way for it", arguments: Implementation.allCases)
    func underWay(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (first, old) = try await Self.enrolled(in: ledger)
            let new = try await Self.enrolledAgain(first, in: ledger)
            let pending = LedgerFixture.reservation(of: first.user, claims: first.claims, device: first.device)
            let receipt = try #require(try await ledger.reserve(pending).receipt)
            let outcome = try await ledger.revoke(LedgerFixture.order([old, new]))
            #expect(outcome.revoked == [old, new, receipt.serialNumber])
            #expect(outcome.ended == [first.device])
            #expect(try await ledger.revocation(of: receipt.serialNumber)?.reason == .cessationOfOperation)
            #expect(
                await rule { try await ledger.confirm(LedgerFixture.confirmation(of: pending, receipt)) }
                    == "ledger.intent"
            )
            #expect(try await ledger.device(first.device)?.state == .revoked)
            #expect(try await ledger.attempt(pending.attempt.traceID)?.outcome == .refused)
        }
    }

    // MARK: Hold

    @Test("suspends a certificate without touching it or its device", arguments: Implementation.allCases)
    func hold(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (reservation, serial) = try await Self.enrolled(in: ledger)
            let device = try await ledger.device(reservation.device)
            let outcome = try await ledger.revoke(LedgerFixture.order([serial], .certificateHold))
            #expect(outcome == RevocationOutcome(revoked: [serial]))
            #expect(try await ledger.certificate(serial)?.state == .issued)
            #expect(try await ledger.device(reservation.device) == device)
            #expect(
                try await ledger.status(of: serial, issuedBy: LedgerFixture.issuer)
                    == .revoked(reason: .certificateHold, at: Self.later)
            )
            let final = LedgerFixture.order([serial], .affiliationChanged, at: Self.later.adding(days: 1))
            #expect(try await ledger.revoke(final).ended == [reservation.device])
            #expect(try await ledger.certificate(serial)?.state == .revoked)
        }
    }

    // MARK: Orders

    @Test("rehearses with the real outcome and changes nothing", arguments: Implementation.allCases)
    func rehearsal(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let (reservation, serial) = try await Self.enrolled(in: ledger)
            let device = try await ledger.device(reservation.device)
            let events = try await ledger.eventIDs()
            let order = LedgerFixture.order([serial, LedgerFixture.serial()])
            let rehearsed = try await ledger.rehearse(order)
            #expect(rehearsed.revoked == [serial])
            #expect(rehearsed.ended == [reservation.device])
            #expect(try await ledger.certificate(serial)?.state == .issued)
            #expect(try await ledger.device(reservation.device) == device)
            #expect(try await ledger.eventIDs() == events)
            #expect(try await ledger.newestChange() == 0)
            #expect(try await ledger.changes(after: 0, limit: 10) == [])
            #expect(try await ledger.shards() == [])
            #expect(try await ledger.revoke(order) == rehearsed)
        }
    }

    @Test("takes a thousand certificates in one order and not one more", arguments: Implementation.allCases)
    func most(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let serials = (0...RevocationOrder.most).map { _ in LedgerFixture.serial() }
            await expectCode(.messageFormat) { _ = try await ledger.revoke(LedgerFixture.order(serials)) }
            let fitting = LedgerFixture.order(Array(serials.dropFirst()))
            #expect(try await ledger.revoke(fitting).unknown.count == RevocationOrder.most)
        }
    }

    @Test("does an order all or not at all, however many orders run at once", arguments: Implementation.allCases)
    func together(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            var serials: [SerialNumber] = []
            for number in 0..<40 {
                let prepared = LedgerFixture.prepared(shard: number % 4)
                let reservation = LedgerFixture.reservation(of: user, prepared: prepared, limit: 100)
                serials.append(try #require(try await ledger.enroll(reservation)).serialNumber)
            }
            let all = serials
            let outcomes = try await withThrowingTaskGroup(of: RevocationOutcome.self) { group in
                for _ in 0..<6 { group.addTask { try await ledger.revoke(LedgerFixture.order(all.shuffled())) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.map(\.revoked.count).sorted() == [0, 0, 0, 0, 0, 40])
            #expect(outcomes.map(\.ended.count).sorted() == [0, 0, 0, 0, 0, 40])
            #expect(try await ledger.newestChange() == 40)
            #expect(try await ledger.counted(userID: user.id, staleBefore: LedgerFixture.start) == [])
        }
    }

    // MARK: Keys

    @Test("blocks a key once, with the first reason", arguments: Implementation.allCases)
    func blockKey(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let key = LedgerFixture.octets(32)
            let first = LedgerFixture.act(.blockKey, reason: "The vendor's generator was weak.")
            #expect(try await ledger.blockKey(key, act: first))
            #expect(try await ledger.blockKey(key, act: LedgerFixture.act(.blockKey)) == false)
            let outcome = try await ledger.reserve(
                LedgerFixture.reservation(of: LedgerFixture.user(), prepared: LedgerFixture.prepared(key: key))
            )
            #expect(outcome == .keyBlocked(reason: "The vendor's generator was weak."))
        }
    }
}
