internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Testing

/// Each ledger here is what a replica has.
@Suite("The feed of several ledgers on one PostgreSQL database", .timeLimit(.minutes(6)))
struct PostgresFeedTests {
    /// What one reader has seen, in the order in which it has.
    private static func follow(_ ledger: PostgresLedger, until done: @Sendable () async -> Bool) async throws
        -> [FeedEvent]
    {
        var seen: [FeedEvent] = []
        while true {
            let isLast = await done()
            while true {
                let page = try await ledger.events(after: seen.last?.position ?? 0, kinds: [], limit: 7)
                seen += page
                if page.isEmpty { break }
            }
            if isLast { return seen }
        }
    }

    private actor Gate {
        private(set) var isDone = false
        func finish() { self.isDone = true }
    }

    @Test("shows a reader every event once and each device's in their order, while all write and place at once")
    func concurrent() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, database) async throws -> Void in
            let (written, placed) = (Gate(), Gate())
            let seen = try await withThrowingTaskGroup(of: [FeedEvent].self) { group in
                for ledger in ledgers.prefix(2) {
                    group.addTask { try await Self.follow(ledger) { await placed.isDone } }
                }
                try await withThrowingTaskGroup(of: Void.self) { placers in
                    for ledger in ledgers {
                        placers.addTask {
                            while true {
                                let isLast = await written.isDone
                                // Few at a time, so that all have something to do.
                                let count = try await ledger.placeEvents(limit: 3)
                                if isLast, count == 0 { return }
                            }
                        }
                    }
                    try await withThrowingTaskGroup(of: Void.self) { writers in
                        for number in 0..<9 {
                            writers.addTask { try await Self.live(in: ledgers, number) }
                        }
                        try await writers.waitForAll()
                    }
                    await written.finish()
                    try await placers.waitForAll()
                }
                await placed.finish()
                return try await group.reduce(into: [[FeedEvent]]()) { $0.append($1) }
            }
            for events in seen {
                #expect(events.map(\.position) == Array(1...Int64(9 * 4 * 5)))
                #expect(Set(events.map(\.event.id)).count == 9 * 4 * 5)
                for (_, own) in Dictionary(grouping: events, by: \.event.device) {
                    #expect(own.map(\.event.generation) == Array(1...5))
                }
            }
            #expect(try await PostgresContradictions.find(in: database) == [:])
        }
    }

    /// Four devices that each lead to five events, written through one ledger and another.
    private static func live(in ledgers: [PostgresLedger], _ number: Int) async throws {
        for turn in 0..<4 {
            let enrolled = try await ledgers[(number + turn) % 3].enrolled()
            for step in 0..<2 {
                _ = try await ledgers[(number + step) % 3].hold(LedgerFixture.order(.hold, enrolled.device))
                _ = try await ledgers[(number + step + 1) % 3].resume(LedgerFixture.order(.resume, enrolled.device))
            }
        }
    }

    @Test("leave a late transaction's event to be placed when it is committed, ahead of none that was seen")
    func late() async throws {
        try await PostgresFixture.withLedgers(1) { (ledgers, database) async throws -> Void in
            let ledger = ledgers[0]
            let held = try await ledger.enrolled()
            #expect(try await ledger.placeEvents(limit: 9) == 1)
            // Has its row's number before the next enrollment, and is committed after it was placed.
            let slow = Task {
                try await database.psql(
                    """
                    BEGIN;
                    INSERT INTO outbox (event, kind, generation, recorded) VALUES (decode(md5('late'), 'hex'), 'limit-refused', 0, 5);
                    DO $$ BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END $$;
                    COMMIT;
                    """,
                    seconds: 600
                )
            }
            try await PostgresOpeningTests.wait {
                try await database.psql(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()
                    """
                ) == "1"
            }
            let next = try await ledger.enrolled()
            #expect(try await ledger.placeEvents(limit: 9) == 1)
            let before = try await ledger.events(after: 1, kinds: [], limit: 9)
            #expect(before.map(\.event.device) == [next.device])
            _ = try await database.psql(
                """
                SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                WHERE wait_event = 'PgSleep' AND datname = current_database()
                """
            )
            _ = try await slow.value
            #expect(
                try await database.psql(
                    "SELECT (SELECT ordinal FROM outbox WHERE position IS NULL) < (SELECT max(ordinal) FROM outbox)"
                ) == "t"
            )
            #expect(try await ledger.placeEvents(limit: 9) == 1)
            let after = try await ledger.events(after: 2, kinds: [], limit: 9)
            #expect(after.map(\.event.kind) == [.limitRefused])
            #expect(after.map(\.position) == [3])
            #expect(try await ledger.device(held.device)?.generation == 1)
        }
    }

    @Test("lets one of many senders record what it did for a destination")
    func senders() async throws {
        try await PostgresFixture.withLedgers(3) { (ledgers, _) async throws -> Void in
            var devices: [Enrolled] = []
            for _ in 0..<20 { devices.append(try await ledgers[0].enrolled()) }
            try await ledgers[0].placeAll()
            let all = devices
            let recorded = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<9 {
                    group.addTask {
                        let (ledger, holder) = (ledgers[number % 3], "replica-\(number)")
                        guard try await ledger.takeDestination("mdm", holder: holder, for: 60) else { return false }
                        return try await ledger.record(
                            LedgerFixture.report(
                                by: holder,
                                cursor: 20,
                                open: all.indices.map { LedgerFixture.delivery(Int64($0 + 1), of: all[$0].device) },
                                handedOff: all.map { ($0.device, $0.serial) }
                            )
                        )
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(recorded == 1)
            #expect(try await ledgers[1].destination("mdm").cursor == 20)
            #expect(try await ledgers[2].deliveryCounts(to: "mdm").waiting == 20)
            #expect(try await ledgers[1].devices(DeviceQuery(state: .handedOff)).elements.count == 20)
        }
    }

    @Test("replays more than one transaction takes, under one act")
    func replay() async throws {
        try await PostgresFixture.withLedgers(1) { (ledgers, database) async throws -> Void in
            let ledger = ledgers[0]
            _ = try await ledger.enrolled()
            try await ledger.placeAll()
            try await database.psql(
                """
                INSERT INTO outbox (event, kind, generation, recorded, position, subject)
                    SELECT decode(md5('e' || g), 'hex'), 'trust-published', 0, g % 7, g, 'x' FROM generate_series(2, 2600) g;
                UPDATE feed SET last_position = 2600;
                """
            )
            #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
            #expect(try await ledger.record(LedgerFixture.report(cursor: 2_500)))
            let act = LedgerFixture.act(.replay)
            #expect(try await ledger.replay(EventSelection(), to: "mdm", by: act) == 2_500)
            #expect(try await ledger.deliveryCounts(to: "mdm").waiting == 2_500)
            let record = try #require(try await ledger.act(act.traceID))
            #expect(record.facts == [Fact("destination", "mdm"), Fact("events", "2500")])
        }
    }
}
