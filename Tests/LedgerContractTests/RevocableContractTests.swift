internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, asked what could be revoked")
struct RevocableContractTests {
    private static let now = LedgerFixture.start.adding(days: 1)

    /// All pages of a selection.
    private static func all(
        _ selection: RevocationSelection,
        of ledger: any LedgerUnderTest,
        at now: Timestamp = now,
        limit: Int = 1_000
    ) async throws -> [SerialNumber] {
        var serials: [SerialNumber] = []
        var key: String?
        repeat {
            let page = try await ledger.revocable(selection, at: now, after: key, limit: limit)
            #expect(page.elements.count <= limit)
            serials += page.elements
            key = page.next
        } while key != nil
        return serials
    }

    @Test("finds certificates by every name there is for them", arguments: Implementation.allCases)
    func selections(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let key = LedgerFixture.octets(32)
            let prepared = LedgerFixture.prepared(shard: 0, key: key)
            let first = LedgerFixture.reservation(of: user, prepared: prepared)
            let certificate = try #require(try await ledger.enroll(first))
            let neighbor = LedgerFixture.reservation(of: user)
            let second = try #require(try await ledger.enroll(neighbor)).serialNumber
            let again = LedgerFixture.reservation(of: user, claims: first.claims, device: first.device)
            let third = try #require(try await ledger.enroll(again)).serialNumber
            let stranger = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.prepared(issuer: "2027-a")
            )
            let other = try #require(try await ledger.enroll(stranger)).serialNumber
            let serial = certificate.serialNumber
            let expected: [RevocationSelection: [SerialNumber]] = [
                .serialNumber(serial): [serial],
                .thumbprint(certificate.thumbprint): [serial],
                .device(first.device): [serial, third],
                .user(user.id): [serial, third, second],
                .key(key): [serial],
                .issuer(LedgerFixture.issuer): [serial, second, third],
                .issuer("2027-a"): [other],
                .serialNumber(LedgerFixture.serial()): [],
                .thumbprint(LedgerFixture.octets(32)): [],
                .device(DeviceID(random: LedgerFixture.octets(16))): [],
                .user("nobody"): [],
                .key(LedgerFixture.octets(32)): [],
                .issuer("none"): [],
            ]
            for (selection, serials) in expected {
                #expect(try await Self.all(selection, of: ledger) == serials, "\(selection)")
            }
        }
    }

    @Test(
        "leaves out what is revoked for good, closed or ended, not what is on hold",
        arguments: Implementation.allCases
    )
    func leftOut(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            func enroll(days: Int = 365) async throws -> SerialNumber {
                let prepared = LedgerFixture.prepared(shard: 1, days: days)
                let reservation = LedgerFixture.reservation(of: user, prepared: prepared, limit: 100)
                return try #require(try await ledger.enroll(reservation)).serialNumber
            }
            let held = try await enroll()
            let revoked = try await enroll()
            let short = try await enroll(days: 2)
            let pending = LedgerFixture.reservation(of: user, prepared: LedgerFixture.prepared(shard: 1), limit: 100)
            let intent = try #require(try await ledger.reserve(pending).receipt).serialNumber
            let closing = LedgerFixture.reservation(of: user, prepared: LedgerFixture.prepared(shard: 1), limit: 100)
            let closed = try #require(try await ledger.reserve(closing).receipt)
            try await ledger.release(closed, keyUse: .none, closing: LedgerFixture.refusal(of: closing))
            _ = try await ledger.revoke(LedgerFixture.order([held], .certificateHold))
            _ = try await ledger.revoke(LedgerFixture.order([revoked], .superseded))
            for selection in [RevocationSelection.issuer(LedgerFixture.issuer), .user(user.id)] {
                #expect(try await Self.all(selection, of: ledger) == [held, short, intent])
                let end = LedgerFixture.start.adding(days: 2).adding(seconds: -301)
                #expect(try await Self.all(selection, of: ledger, at: end).contains(short))
                #expect(try await !Self.all(selection, of: ledger, at: end.adding(seconds: 1)).contains(short))
            }
            _ = try await ledger.revoke(LedgerFixture.order([intent]))
            #expect(try await Self.all(.issuer(LedgerFixture.issuer), of: ledger) == [held, short])
        }
    }

    @Test("names by its key what a compromised key still has to be told of", arguments: Implementation.allCases)
    func byKey(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let key = LedgerFixture.octets(32)
            let prepared = LedgerFixture.prepared(shard: 1, key: key)
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user(), prepared: prepared)
            let serial = try #require(try await ledger.enroll(reservation)).serialNumber
            _ = try await ledger.revoke(LedgerFixture.order([serial], .superseded))
            #expect(try await Self.all(.serialNumber(serial), of: ledger) == [])
            #expect(try await Self.all(.key(key), of: ledger) == [serial])
            _ = try await ledger.revoke(LedgerFixture.order([serial], .keyCompromise))
            #expect(try await Self.all(.key(key), of: ledger) == [])
        }
    }

    @Test("goes on page by page while what it gave is being revoked", arguments: Implementation.allCases)
    func pages(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            var serials: [SerialNumber] = []
            for number in 0..<25 {
                let reservation = LedgerFixture.reservation(
                    of: user,
                    prepared: LedgerFixture.prepared(shard: number % 3),
                    limit: 100
                )
                // Some are only recorded: the list has both kinds in the order of their making.
                guard number % 4 > 0 else {
                    serials.append(try #require(try await ledger.reserve(reservation).receipt).serialNumber)
                    continue
                }
                serials.append(try #require(try await ledger.enroll(reservation)).serialNumber)
            }
            #expect(try await Self.all(.issuer(LedgerFixture.issuer), of: ledger, limit: 7) == serials)
            #expect(try await Self.all(.user(user.id), of: ledger, limit: 7) == serials)
            var given: [SerialNumber] = []
            var key: String?
            repeat {
                let page =
                    try await ledger
                    .revocable(.issuer(LedgerFixture.issuer), at: Self.now, after: key, limit: 10)
                given += page.elements
                #expect(try await ledger.revoke(LedgerFixture.order(page.elements)).revoked == page.elements)
                key = page.next
            } while key != nil
            #expect(given == serials)
            #expect(try await Self.all(.issuer(LedgerFixture.issuer), of: ledger) == [])
        }
    }

    @Test("refuses a key that no page gave", arguments: Implementation.allCases)
    func strangeKey(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for key in ["", "x", "1", "1.x", "1.2.3"] {
                await expectCode(.messageFormat) {
                    _ = try await ledger.revocable(.issuer("2026-a"), at: Self.now, after: key, limit: 1)
                }
            }
        }
    }
}
