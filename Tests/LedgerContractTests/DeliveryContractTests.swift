internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, about what was delivered")
struct DeliveryContractTests {
    @Test("lets one sender at a time have a destination", arguments: Implementation.allCases)
    func leases(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.takeDestination("mdm", holder: "one", for: 60))
            #expect(try await ledger.takeDestination("mdm", holder: "one", for: 60))
            #expect(try await !ledger.takeDestination("mdm", holder: "two", for: 60))
            #expect(try await ledger.takeDestination("siem", holder: "two", for: 60))
            #expect(try await ledger.record(LedgerFixture.report(by: "one", cursor: 3)))
            #expect(try await !ledger.record(LedgerFixture.report(by: "two", cursor: 4)))
            try await ledger.leaveDestination("mdm", holder: "two")
            #expect(try await !ledger.takeDestination("mdm", holder: "two", for: 60))
            try await ledger.leaveDestination("mdm", holder: "one")
            #expect(try await !ledger.record(LedgerFixture.report(by: "one", cursor: 5)))
            #expect(try await ledger.takeDestination("mdm", holder: "two", for: 60))
            #expect(try await ledger.destination("mdm").cursor == 3)
        }
    }

    @Test("starts a destination before the first event that is kept", arguments: Implementation.allCases)
    func start(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.destination("early").cursor == 0)
            for _ in 0..<5 { _ = try await ledger.enrolled() }
            try await ledger.placeAll()
            _ = try await ledger.pruneEvents(recordedBefore: LedgerFixture.later(1), deliveredTo: [], limit: 2)
            let late = try await ledger.destination("late")
            #expect(late.cursor == 2)
            #expect(late.state == .active)
            #expect(late.failingSince == nil)
            #expect(late.lastDelivered == nil)
            #expect(try await ledger.destination("late") == late)
            #expect(try await ledger.destinations().map(\.name) == ["early", "late"])
        }
    }

    @Test("records how a destination does, and never moves its cursor back", arguments: Implementation.allCases)
    func standing(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
            let failing = DeliveryReport.Change(
                failingSince: LedgerFixture.later(1),
                pausedUntil: LedgerFixture.later(30),
                lastError: "It answered 500.",
                lastDelivered: LedgerFixture.start
            )
            #expect(try await ledger.record(LedgerFixture.report(cursor: 7, standing: failing)))
            let down = try await ledger.destination("mdm")
            #expect(down.cursor == 7)
            #expect(down.failingSince == LedgerFixture.later(1))
            #expect(down.pausedUntil == LedgerFixture.later(30))
            #expect(down.lastError == "It answered 500.")
            #expect(down.lastDelivered == LedgerFixture.start)
            #expect(try await ledger.record(LedgerFixture.report(cursor: 5)))
            let up = try await ledger.destination("mdm")
            #expect(up.cursor == 7)
            #expect(up.failingSince == nil)
            #expect(up.pausedUntil == nil)
            #expect(up.lastError == nil)
            #expect(up.lastDelivered == LedgerFixture.start)

            #expect(try await !ledger.resume(destination: "mdm", by: LedgerFixture.act(.resumeDestination)))
            #expect(
                try await ledger.record(
                    LedgerFixture.report(cursor: 8, standing: .init(state: .stopped, lastError: "410"))
                )
            )
            #expect(try await ledger.destination("mdm").state == .stopped)
            #expect(try await ledger.record(LedgerFixture.report(cursor: 8, standing: .init(lastError: "late"))))
            #expect(try await ledger.destination("mdm").state == .stopped)
            let act = LedgerFixture.act(.resumeDestination)
            #expect(try await ledger.resume(destination: "mdm", by: act))
            let resumed = try await ledger.destination("mdm")
            #expect(resumed.state == .active)
            #expect(resumed.cursor == 8)
            #expect(resumed.lastError == nil)
            #expect(try await ledger.act(act.traceID)?.act == act)
            // What was under way when it was stopped comes late, and is no word about whether it is.
            #expect(try await ledger.record(LedgerFixture.report(cursor: 9)))
            #expect(try await ledger.destination("mdm").state == .active)
            #expect(try await ledger.destination("mdm").cursor == 9)
            #expect(try await !ledger.resume(destination: "mdm", by: LedgerFixture.act(.resumeDestination)))
            #expect(try await !ledger.resume(destination: "nowhere", by: LedgerFixture.act(.resumeDestination)))
        }
    }

    @Test("has what is due: of each device the first, and replays beside it", arguments: Implementation.allCases)
    func due(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
            let (one, two, three) = (
                DeviceID(random: LedgerFixture.octets(16)), DeviceID(random: LedgerFixture.octets(16)),
                DeviceID(random: LedgerFixture.octets(16))
            )
            let open = [
                LedgerFixture.delivery(1, of: one, nextTry: LedgerFixture.later(50)),
                LedgerFixture.delivery(2, of: one),
                LedgerFixture.delivery(3, of: two, nextTry: LedgerFixture.later(5)),
                LedgerFixture.delivery(4, of: two),
                LedgerFixture.delivery(5, of: two, nextTry: LedgerFixture.later(2), isReplay: true),
                LedgerFixture.delivery(6, of: three, .dead),
                LedgerFixture.delivery(7, of: three, nextTry: LedgerFixture.later(9)),
                LedgerFixture.delivery(8, nextTry: LedgerFixture.later(1)),
                LedgerFixture.delivery(9, nextTry: LedgerFixture.later(1)),
            ]
            #expect(try await ledger.record(LedgerFixture.report(cursor: 20, open: open)))
            func due(_ seconds: Int64, limit: Int = 100) async throws -> [Int64] {
                try await ledger.deliveries(to: "mdm", dueBy: LedgerFixture.later(seconds), limit: limit)
                    .map(\.position)
            }
            #expect(try await due(0) == [])
            #expect(try await due(1) == [8, 9])
            #expect(try await due(9) == [8, 9, 5, 3, 7])
            #expect(try await due(9, limit: 3) == [8, 9, 5])
            #expect(try await due(50) == [8, 9, 5, 3, 7, 1])
            #expect(try await ledger.deliveries(to: "siem", dueBy: LedgerFixture.later(50), limit: 9) == [])
            #expect(try await ledger.deliveryCounts(to: "mdm") == (waiting: 8, dead: 1))
            #expect(try await ledger.deliveryCounts(to: "siem") == (waiting: 0, dead: 0))
            let many = (0..<80).map { _ in DeviceID(random: LedgerFixture.octets(16)) }
            #expect(try await ledger.blocked(many + [one, two, three], at: "mdm") == [one, two, three])
            #expect(try await ledger.blocked([one], at: "siem") == [])
            #expect(try await ledger.blocked([], at: "mdm") == [])

            var tried = open[0]
            tried.attempts = 2
            tried.nextTry = LedgerFixture.later(500)
            let next = LedgerFixture.report(cursor: 21, open: [tried], settled: [3, 4, 7, 8, 77])
            #expect(try await ledger.record(next))
            // Nobody knows sometimes whether a report was recorded.
            #expect(try await ledger.record(next))
            #expect(try await due(499) == [9, 5])
            #expect(try await due(500) == [9, 5, 1])
            #expect(try await ledger.blocked([one, two, three], at: "mdm") == [one])
            let waiting = try await ledger.deliveries(to: "mdm", in: .waiting, after: nil, limit: 100)
            #expect(waiting.elements == [tried, open[1], open[4], open[8]])
            for limit in 1...3 {
                var listed: [Delivery] = []
                var key: String?
                repeat {
                    let page = try await ledger.deliveries(to: "mdm", in: .waiting, after: key, limit: limit)
                    listed += page.elements
                    key = page.next
                } while key != nil
                #expect(listed == waiting.elements)
            }
            #expect(try await ledger.deliveries(to: "mdm", in: .dead, after: nil, limit: 9).elements == [open[5]])
            await expectCode(.messageFormat) {
                _ = try await ledger.deliveries(to: "mdm", in: .dead, after: "x", limit: 9)
            }
        }
    }

    @Test("calls a device handed off that holds what its server was told of", arguments: Implementation.allCases)
    func handedOff(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
            let plain = try await ledger.enrolled()
            let active = try await ledger.enrolled()
            _ = try await ledger.see(active.certificate, at: LedgerFixture.later(1))
            let held = try await ledger.enrolled()
            _ = try await ledger.hold(LedgerFixture.order(.hold, held.device))
            let again = try await ledger.enrolled()
            let second = try await ledger.enrolled(
                again.user,
                claims: again.reservation.claims,
                as: again.device,
                at: LedgerFixture.later(60)
            )
            let reset = try await ledger.enrolled()
            _ = try await ledger.reset(LedgerFixture.order(.reset, reset.device))
            let foreign = LedgerFixture.report(
                by: "somebody else",
                handedOff: [(plain.device, plain.serial)]
            )
            #expect(try await !ledger.record(foreign))
            #expect(try await ledger.device(plain.device)?.state == .issued)
            let all = [plain, active, held, again, reset].map { (device: $0.device, serialNumber: $0.serial) }
            let unknown = (device: DeviceID(random: LedgerFixture.octets(16)), serialNumber: LedgerFixture.serial())
            let report = LedgerFixture.report(handedOff: all + [unknown])
            #expect(try await ledger.record(report))
            #expect(try await ledger.record(report))
            #expect(try await ledger.device(plain.device)?.state == .handedOff)
            #expect(try await ledger.device(active.device)?.state == .active)
            #expect(try await ledger.device(held.device)?.state == .held)
            #expect(try await ledger.device(again.device)?.state == .issued)
            #expect(try await ledger.device(reset.device)?.state == .reset)
            let resumed = try await ledger.resume(LedgerFixture.order(.resume, held.device))
            #expect(resumed.report?.device.state == .handedOff)
            #expect(try await ledger.record(LedgerFixture.report(handedOff: [(second.device, second.serial)])))
            #expect(try await ledger.device(again.device)?.state == .handedOff)
            _ = try await ledger.see(plain.certificate, at: LedgerFixture.later(90))
            #expect(try await ledger.device(plain.device)?.state == .active)
        }
    }

    @Test("has events sent once more, and dead ones, and says who wanted it", arguments: Implementation.allCases)
    func replay(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var devices: [Enrolled] = []
            for number in 0..<6 { devices.append(try await ledger.enrolled(at: LedgerFixture.later(Int64(number)))) }
            try await ledger.placeAll()
            #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
            let open = [
                LedgerFixture.delivery(2, of: devices[1].device, attempts: 4, nextTry: LedgerFixture.later(900)),
                LedgerFixture.delivery(3, of: devices[2].device, .dead, attempts: 30),
                LedgerFixture.delivery(5, of: devices[4].device, .dead, attempts: 30),
            ]
            #expect(try await ledger.record(LedgerFixture.report(cursor: 4, open: open)))
            let act = LedgerFixture.act(.replay, at: LedgerFixture.later(60))
            #expect(try await ledger.replay(EventSelection(), to: "mdm", by: act) == 5)
            let waiting = try await ledger.deliveries(to: "mdm", in: .waiting, after: nil, limit: 9).elements
            #expect(waiting.map(\.position) == [1, 2, 3, 4, 5])
            #expect(waiting.map(\.isReplay) == [true, false, true, true, true])
            #expect(waiting.allSatisfy { $0.attempts == 0 && $0.nextTry == act.time && $0.since == act.time })
            #expect(waiting.map(\.device) == devices.prefix(5).map(\.device))
            #expect(try await ledger.deliveryCounts(to: "mdm") == (waiting: 5, dead: 0))
            #expect(try await ledger.blocked(devices.map(\.device), at: "mdm") == [devices[1].device])
            let record = try #require(try await ledger.act(act.traceID))
            #expect(record.act == act)
            #expect(record.facts == [Fact("destination", "mdm"), Fact("events", "5")])

            #expect(try await ledger.record(LedgerFixture.report(cursor: 4, settled: [1, 2, 3, 4, 5])))
            let some = EventSelection(from: LedgerFixture.later(1), until: LedgerFixture.later(3))
            #expect(try await ledger.replay(some, to: "mdm", by: LedgerFixture.act(.replay)) == 2)
            #expect(try await ledger.replay(some, to: "mdm", by: LedgerFixture.act(.replay)) == 2)
            let id = try #require(try await ledger.events(at: [1]).first?.event.id)
            #expect(try await ledger.replay(EventSelection(ids: [id]), to: "mdm", by: LedgerFixture.act(.replay)) == 1)
            let none = EventSelection(kinds: [.reset])
            #expect(try await ledger.replay(none, to: "mdm", by: LedgerFixture.act(.replay)) == 0)
            #expect(try await ledger.deliveryCounts(to: "mdm") == (waiting: 3, dead: 0))
            // A new destination gets everything anyway.
            #expect(try await ledger.replay(EventSelection(), to: "siem", by: LedgerFixture.act(.replay)) == 0)
            #expect(try await ledger.destination("siem").cursor == 0)
        }
    }

    @Test("removes events that everybody is done with, and no other", arguments: Implementation.allCases)
    func retention(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var devices: [Enrolled] = []
            for number in 0..<8 { devices.append(try await ledger.enrolled(at: LedgerFixture.later(Int64(number)))) }
            #expect(try await ledger.placeEvents(limit: 7) == 7)
            for name in ["mdm", "siem", "gone"] {
                #expect(try await ledger.takeDestination(name, holder: LedgerFixture.sender, for: 60))
            }
            let waiting = LedgerFixture.delivery(2, of: devices[1].device)
            let dead = LedgerFixture.delivery(3, of: devices[2].device, .dead)
            let left = LedgerFixture.delivery(1, of: devices[0].device, .dead)
            #expect(try await ledger.record(LedgerFixture.report("mdm", cursor: 6, open: [waiting])))
            #expect(try await ledger.record(LedgerFixture.report("siem", cursor: 5, open: [dead])))
            #expect(try await ledger.record(LedgerFixture.report("gone", cursor: 0, open: [left])))
            func prune(_ seconds: Int64, _ names: [String] = ["mdm", "siem"], limit: Int = 99) async throws -> Int {
                try await ledger.pruneEvents(
                    recordedBefore: LedgerFixture.later(seconds),
                    deliveredTo: names,
                    limit: limit
                )
            }
            #expect(try await prune(99, ["mdm", "siem", "new"]) == 0)
            #expect(try await prune(99, ["mdm", "gone"]) == 0)
            #expect(try await prune(0) == 0)
            #expect(try await prune(4, limit: 1) == 1)
            #expect(try await ledger.deliveryCounts(to: "gone") == (waiting: 0, dead: 0))
            #expect(try await prune(4) == 1)
            #expect(try await ledger.events(after: 0, kinds: [], limit: 9).map(\.position) == [2, 3, 5, 6, 7])
            #expect(try await prune(99) == 1)
            #expect(try await ledger.record(LedgerFixture.report("mdm", cursor: 7, settled: [2])))
            #expect(try await ledger.record(LedgerFixture.report("siem", cursor: 7, settled: [3])))
            #expect(try await prune(99) == 4)
            #expect(try await ledger.feed().map(\.position) == [8])
        }
    }
}
