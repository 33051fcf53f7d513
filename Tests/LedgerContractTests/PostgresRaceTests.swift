internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Testing

/// What holds by the database alone: each ledger here is what a replica has, and knows nothing of the others.
@Suite("Several ledgers on one PostgreSQL database", .timeLimit(.minutes(6)))
struct PostgresRaceTests {
    private static let due = LedgerFixture.start.adding(days: 306)

    /// Runs `work` that often at once, each time on another of the ledgers.
    private static func race<Value: Sendable>(
        _ count: Int,
        on ledgers: [PostgresLedger],
        _ work: @escaping @Sendable (PostgresLedger, Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: Value.self) { group in
            for number in 0..<count {
                group.addTask { try await work(ledgers[number % ledgers.count], number) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("give a user five of two hundred slots that are asked for at once, and not one more")
    func limit() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, database) async throws -> Void in
            let user = LedgerFixture.user()
            let enrolled = try await Self.race(200, on: ledgers) { ledger, _ in
                let reservation = LedgerFixture.reservation(of: user, limit: 5)
                let outcome = try await ledger.reserve(reservation)
                guard let receipt = outcome.receipt else {
                    guard case .limitReached(_, let counted) = outcome else {
                        Issue.record("refused for another reason")
                        return false
                    }
                    #expect(counted.count == 5)
                    return false
                }
                try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
                return true
            }
            #expect(enrolled.count { $0 } == 5)
            #expect(try await ledgers[0].devices(DeviceQuery(userID: user.id)).elements.count == 5)
            #expect(try await PostgresContradictions.find(in: database) == [:])
        }
    }

    @Test("keep one slot for a device that enrolls again through all of them at once")
    func takeOver() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, database) async throws -> Void in
            let user = LedgerFixture.user()
            let claims = LedgerFixture.claims()
            // All believe that the device is a new one; whoever is late is told that it is not any more.
            let outcomes = try await Self.race(30, on: ledgers) { ledger, _ in
                try await ledger.reserve(LedgerFixture.reservation(of: user, claims: claims))
            }
            #expect(outcomes.count { $0.receipt != nil } == 1)
            #expect(outcomes.count { $0 == .recognitionChanged } == 29)
            let device = try #require(
                try await ledgers[0].recognize(claims.recognitionKeys, of: user.id)
            )
            let again = try await Self.race(12, on: ledgers) { ledger, _ in
                try await ledger.reserve(LedgerFixture.reservation(of: user, claims: claims, device: device))
            }
            #expect(again.allSatisfy { $0.receipt != nil })
            #expect(try await ledgers[1].counted(userID: user.id, staleBefore: LedgerFixture.start).count == 1)
            #expect(try await PostgresContradictions.find(in: database) == [:])
        }
    }

    @Test("certify a key for one of many users who ask at once")
    func key() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in
            let key = LedgerFixture.octets(32)
            let outcomes = try await Self.race(30, on: ledgers) { ledger, _ in
                try await ledger.reserve(
                    LedgerFixture.reservation(of: LedgerFixture.user(), prepared: LedgerFixture.prepared(key: key))
                )
            }
            #expect(outcomes.count { $0.receipt != nil } == 1)
            #expect(outcomes.count { if case .keyInUse = $0 { true } else { false } } == 29)
        }
    }

    @Test("take a serial number and a trace id once")
    func numbers() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in
            let serial = LedgerFixture.serial()
            let serials = try await Self.race(30, on: ledgers) { ledger, _ in
                try await ledger.reserve(
                    LedgerFixture.reservation(
                        of: LedgerFixture.user(),
                        prepared: LedgerFixture.prepared(serial: serial)
                    )
                )
            }
            #expect(serials.count { $0.receipt != nil } == 1)
            #expect(serials.count { $0 == .serialNumberTaken } == 29)
            let attempt = LedgerFixture.attempt()
            let traces = try await Self.race(30, on: ledgers) { ledger, _ in
                try await ledger.reserve(LedgerFixture.reservation(of: LedgerFixture.user(), attempt: attempt))
            }
            #expect(traces.count { $0.receipt != nil } == 1)
            #expect(traces.count { $0 == .traceIDTaken } == 29)
            let record = LedgerFixture.attempt()
            let records = try await Self.race(30, on: ledgers) { ledger, _ in try await ledger.record(record) }
            #expect(records.count { $0 } == 1)
        }
    }

    @Test("leave nothing valid to a device that is ended by one while another renews it")
    func orders() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in
            for round in 0..<16 {
                let enrolled = try await ledgers[0].enrolled()
                _ = try await Self.race(5, on: ledgers) { ledger, number in
                    if number == 2 { return try await Self.end(enrolled, round, in: ledger) }
                    try await Self.renewIfAllowed(enrolled, in: ledger)
                }
                let device = try #require(try await ledgers[1].device(enrolled.device))
                #expect(!device.state.occupiesSlot || device.state == .held || round % 4 == 3)
                let query = CertificateQuery(state: .issued, device: enrolled.device)
                for certificate in try await ledgers[2].certificates(query).elements
                where !device.state.occupiesSlot || device.state == .held {
                    #expect(try await ledgers[0].revocation(of: certificate.serialNumber) != nil)
                }
                #expect(try await ledgers[2].revocation(of: enrolled.serial) != nil)
            }
        }
    }

    private static func end(_ enrolled: Enrolled, _ round: Int, in ledger: PostgresLedger) async throws {
        let device = enrolled.device
        switch round % 4 {
        case 0: _ = try await ledger.reset(LedgerFixture.order(.reset, device, at: Self.due))
        case 1: _ = try await ledger.retire(LedgerFixture.order(.retire, device, at: Self.due))
        case 2: _ = try await ledger.hold(LedgerFixture.order(.hold, device, at: Self.due))
        default:
            _ = try await ledger.revoke(LedgerFixture.order([enrolled.serial], .keyCompromise, at: Self.due))
        }
    }

    private static func renewIfAllowed(_ enrolled: Enrolled, in ledger: PostgresLedger) async throws {
        guard let candidate = try await ledger.candidate(thumbprint: enrolled.certificate.thumbprint) else { return }
        let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
        guard let receipt = try await ledger.reserve(renewal).receipt else { return }
        do {
            try await ledger.confirm(LedgerFixture.confirmation(of: renewal, receipt))
        } catch {
            // An intent that an order has ended already needs no release.
            try? await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: renewal))
        }
    }

    @Test("show whoever follows the log of revocations every step, in order, while eight write to it")
    func log() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in
            let enrolled = try await Self.race(64, on: ledgers) { ledger, _ in try await ledger.enrolled() }
            try await withThrowingTaskGroup(of: Set<SerialNumber>.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for index in stride(from: writer, to: enrolled.count, by: 8) {
                            let order = LedgerFixture.order([enrolled[index].serial])
                            _ = try await ledgers[writer % 3].revoke(order)
                        }
                        return []
                    }
                }
                for follower in 0..<2 {
                    group.addTask {
                        var seen: Set<SerialNumber> = []
                        var last: Int64 = 0
                        let end = ContinuousClock.now + .seconds(60)
                        while seen.count < enrolled.count, ContinuousClock.now < end {
                            // What is behind `last` is never asked for again.
                            let changes = try await ledgers[follower].changes(after: last, limit: 7)
                            for change in changes { seen.insert(change.serialNumber) }
                            last = changes.last?.ordinal ?? last
                        }
                        #expect(seen == Set(enrolled.map(\.serial)))
                        return seen
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("do housekeeping once, though all of them do it at once")
    func housekeeping() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, database) async throws -> Void in
            let now = LedgerFixture.start.adding(days: 2)
            for _ in 0..<10 {
                _ = try await ledgers[0].reserve(LedgerFixture.reservation(of: LedgerFixture.user()))
                let enrolled = try await ledgers[0].enrolled(days: 1)
                _ = try await ledgers[0].renew(
                    enrolled.certificate,
                    by: enrolled.user,
                    overlapDays: 0,
                    at: LedgerFixture.start
                )
                try await ledgers[0].enrolled(days: 1)
            }
            let released = try await Self.race(6, on: ledgers) { ledger, _ in
                try await ledger.releaseReservations(madeBefore: now, at: now, limit: 100)
            }
            #expect(released.reduce(0, +) == 10)
            let superseded = try await Self.race(6, on: ledgers) { ledger, _ in
                try await ledger.supersede(dueBy: now, limit: 100)
            }
            #expect(superseded.reduce(0, +) == 10)
            let expired = try await Self.race(6, on: ledgers) { ledger, _ in
                try await ledger.expire(endedBefore: now, at: now, limit: 100)
            }
            #expect(expired.reduce(0, +) == 10)
            let later = now.adding(days: 400)
            for shard in try await ledgers[0].shards() {
                for days in 0..<2 { try await ledgers[0].makeCRL(of: shard.shard, at: later.adding(days: days)) }
            }
            let pruned = try await Self.race(6, on: ledgers) { ledger, _ in
                try await ledger.pruneCertificates(endedBefore: later, at: later, limit: 100)
            }
            // One that is its live device's own stays, a renewal's; reservations left one each.
            #expect(pruned.reduce(0, +) == 30)
            let attempts = try await Self.race(6, on: ledgers) { ledger, _ in
                try await ledger.pruneAttempts(startedBefore: later, limit: 100)
            }
            #expect(attempts.reduce(0, +) == 40)
            #expect(try await database.psql("SELECT count(*) FROM certificate_proof") == "30")
        }
    }

    @Test("give a CRL's turn to one of them, and no number twice")
    func turns() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in
            let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 1)
            _ = try await Self.race(6, on: ledgers) { ledger, _ in try await ledger.announce([shard]) }
            let outcomes = try await Self.race(30, on: ledgers) { ledger, number in
                try await ledger.takeTurn(
                    at: shard,
                    holder: "replica-\(number)",
                    now: LedgerFixture.start,
                    until: LedgerFixture.later(60)
                )
            }
            #expect(outcomes.count { $0.turn != nil } == 1)
            var numbers: Set<Int64> = []
            for round in 1...10 {
                let now = LedgerFixture.later(Int64(round) * 120)
                let turns = try await Self.race(6, on: ledgers) { ledger, number in
                    try await ledger.takeTurn(at: shard, holder: "r\(number)", now: now, until: now.adding(seconds: 60))
                }
                let taken = turns.compactMap(\.turn)
                #expect(taken.count == 1)
                for turn in taken { #expect(numbers.insert(turn.number).inserted) }
            }
        }
    }

    @Test("let leases run by the database's clock, whatever their own say")
    func clocks() async throws {
        try await PostgresFixture.withLedgers(2, adjust: { $0.time = .database }) { (ledgers, _) async throws -> Void in
            let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 1)
            try await ledgers[0].announce([shard])
            // One is an hour behind the other: by its own clock the other's lease has run out long ago.
            let behind = LedgerFixture.start
            let ahead = behind.adding(seconds: 3_600)
            let first = try await ledgers[0].takeTurn(
                at: shard,
                holder: "behind",
                now: behind,
                until: behind.adding(seconds: 60)
            )
            #expect(first.turn != nil)
            let second = try await ledgers[1].takeTurn(
                at: shard,
                holder: "ahead",
                now: ahead,
                until: ahead.adding(seconds: 60)
            )
            #expect(second.turn == nil)
            // It lasts as long as was asked for, and no longer.
            let brief = try await ledgers[0].takeTurn(
                at: shard,
                holder: "behind",
                now: behind,
                until: Timestamp(microseconds: behind.microseconds + 50_000)
            )
            #expect(brief.turn != nil)
            try await Task.sleep(for: .milliseconds(200))
            let third = try await ledgers[1].takeTurn(
                at: shard,
                holder: "ahead",
                now: ahead,
                until: ahead.adding(seconds: 60)
            )
            #expect(third.turn != nil)
        }
    }
}
