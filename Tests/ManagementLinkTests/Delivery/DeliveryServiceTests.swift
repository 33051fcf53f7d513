import EnrollmentCore
import EnrollmentTestKit
import Logging
import ServiceRuntime
import Synchronization
import Testing

@testable import ManagementLink

@Suite("A destination's sender")
struct DeliveryServiceTests {
    private static func noon(_ hours: Double) -> Timestamp { VirtualTime.start.adding(seconds: Int64(hours * 3_600)) }

    @Test("every event arrives once, each device's in order, and the ledger says so")
    func delivers() async throws {
        let scene = Scene()
        for number in 0..<200 { try await scene.tell(number % 7) }
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in TransportAnswer(status: 204) }
        try await scene.run(scene.service(receiver), for: .seconds(60))
        #expect(receiver.messages.count == 200)
        #expect(receiver.state == scene.expected)
        let standing = try await scene.standing()
        #expect(standing.cursor == 200)
        #expect(standing.failingSince == nil && standing.lastError == nil && standing.lastDelivered != nil)
        // Given back, it is free for anybody.
        #expect(try await scene.ledger.takeDestination(Scene.name, holder: "other", for: 1))
    }

    @Test("an event reaches only destinations that want it")
    func selection() async throws {
        let scene = Scene()
        for kind in HandOffEvent.Kind.allCases {
            let event = HandOffEvent(
                id: Feed.id(kind.hashValue & 0xFFFF),
                kind: kind,
                device: nil,
                generation: 0,
                serialNumber: nil
            )
            try await scene.ledger.tell(event, subject: "", details: [], at: scene.time.now)
        }
        _ = try await scene.ledger.placeEvents(limit: 100)
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in TransportAnswer(status: 200) }
        try await scene.run(scene.service(receiver), for: .seconds(60))
        #expect(receiver.messages.count == HandOffEvent.Kind.allCases.count - 1)
        let few = InMemoryReceiver(scene.time) { _, _, _ in TransportAnswer(status: 200) }
        let destination = Destination(name: "few", kinds: [.trustActivated])
        try await scene.run(scene.service(few, destination: destination), for: .seconds(60))
        #expect(few.messages.count == 1)
        #expect(try await scene.ledger.destination("few").cursor == Int64(HandOffEvent.Kind.allCases.count))
    }

    @Test("a destination that is down for a day gets everything in order, and is not asked often meanwhile")
    func downForADay() async throws {
        let scene = Scene()
        let (down, up) = (Self.noon(1), Self.noon(25))
        for minute in stride(from: 5, to: 26 * 60, by: 9) {
            scene.time.at(.seconds(minute * 60)) { _ = try? await scene.tell(minute % 11) }
        }
        let receiver = InMemoryReceiver(scene.time) { (_, _, now) throws(TransportFailure) in
            guard now < down || now >= up else { throw .unanswered("nothing answers there") }
            return TransportAnswer(status: 200)
        }
        let service = scene.service(receiver)
        try await scene.run(service, for: .seconds(24 * 3_600))
        let failing = try await scene.standing()
        #expect(failing.failingSince.map { $0 >= down } == true)
        #expect(failing.pausedUntil != nil)
        #expect(failing.lastError == "nothing answers there")
        // What failed before it was clear that the destination is down, and what came behind it; nothing else.
        let waiting = try await scene.deliveries(.waiting)
        #expect(waiting.count { $0.attempts > 0 } <= 5)
        // The cursor stands at the first event of another device, so that no more is read than there is room for.
        #expect(waiting.count <= Scene.timing.window)
        #expect((1...5).contains(Set(waiting.compactMap(\.device)).count))
        let tries = receiver.messages.filter { !$0.wasAccepted }.count
        #expect((10...1_200).contains(tries))
        // Another process goes on where the first one stopped.
        try await scene.run(scene.service(receiver), for: .seconds(2 * 3_600))
        #expect(scene.expected.values.map(\.count).reduce(0, +) == 173)
        #expect(receiver.state == scene.expected)
        let standing = try await scene.standing()
        #expect(standing.cursor == 173 && standing.failingSince == nil && standing.pausedUntil == nil)
        #expect(try await scene.deliveries(.waiting).isEmpty)
        #expect(try await scene.deliveries(.dead).isEmpty)
    }

    @Test(
        "an event that is always refused holds up its own device's until it is given up, and nobody else's",
        arguments: [500, 400, 302]
    )
    func poison(status: Int) async throws {
        let scene = Scene()
        let poison = try await scene.tell(1)
        for minute in stride(from: 10, to: 80 * 60, by: 60) {
            scene.time.at(.seconds(minute * 60)) { for device in 1...3 { _ = try? await scene.tell(device) } }
        }
        let receiver = InMemoryReceiver(scene.time) { id, _, _ in
            TransportAnswer(status: id == "\(poison.id)" ? status : 200)
        }
        try await scene.run(scene.service(receiver), for: .seconds(70 * 3_600))
        let one = "\(Feed.device(1))"
        #expect(receiver.state[one] == nil)
        #expect(receiver.state["\(Feed.device(2))"]?.count == 70)
        #expect(try await scene.standing().cursor == 211)
        try await scene.run(scene.service(receiver), for: .seconds(15 * 3_600))
        #expect(receiver.state[one] == Array((scene.expected[one] ?? []).dropFirst()))
        #expect(receiver.state["\(Feed.device(3))"] == scene.expected["\(Feed.device(3))"])
        let dead = try await scene.deliveries(.dead)
        #expect(dead.map(\.position) == [1])
        #expect(dead.first.map { $0.attempts >= 6 && $0.lastError?.contains("\(status)") == true } == true)
        #expect(try await scene.deliveries(.waiting).isEmpty)
        let tries = receiver.messages.filter { $0.id == "\(poison.id)" }.map(\.time)
        // By its schedule, and once after each hour in which nothing else was sent.
        #expect((12...100).contains(tries.count))
    }

    @Test("however many events are refused, others get through", arguments: [400, 422, 500])
    func manyRefused(status: Int) async throws {
        let scene = Scene()
        var refused: Set<String> = []
        for device in 1...40 {
            let event = try await scene.tell(device)
            refused.insert("\(event.id)")
        }
        for device in 41...45 { try await scene.tell(device) }
        var timing = Scene.timing
        timing.window = 8
        timing.page = 8
        let receiver = InMemoryReceiver(scene.time) { [refused] id, _, _ in
            TransportAnswer(status: refused.contains(id) ? status : 200)
        }
        try await scene.run(scene.service(receiver, timing: timing), for: .seconds(12 * 3_600))
        #expect(
            receiver.state
                == scene.expected.filter { device, _ in (41...45).contains { "\(Feed.device($0))" == device } }
        )
        #expect(try await scene.standing().cursor == 45)
        let waiting = try await scene.deliveries(.waiting)
        #expect(waiting.map(\.position) == Array(1...40))
        #expect(waiting.allSatisfy { $0.attempts > 0 && $0.lastError == "answered \(status)" })
        // By a schedule of its own each, and at the most often once more when something got through.
        #expect(receiver.messages.count <= 45 + 40 * 30)
    }

    @Test("when a destination takes again what it refused, all that waits is tried at once, page after page")
    func sweep() async throws {
        let scene = Scene()
        for device in 1...12 { try await scene.tell(device) }
        let isMended = Mutex(false)
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in
            TransportAnswer(status: isMended.withLock { $0 } ? 200 : 422)
        }
        // By then each waits for hours.
        scene.time.at(.seconds(72_000)) {
            isMended.withLock { $0 = true }
            _ = try? await scene.tell(13)
        }
        var timing = Scene.timing
        timing.page = 4
        try await scene.run(scene.service(receiver, timing: timing), for: .seconds(72_600))
        #expect(receiver.state == scene.expected)
        #expect(try await scene.deliveries(.waiting).isEmpty)
    }

    @Test("a replay of events of another management server, or of other kinds, sends none of them")
    func unwantedReplay() async throws {
        let scene = Scene()
        try await scene.tell(1)
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in TransportAnswer(status: 200) }
        let destination = Destination(name: Scene.name, kinds: [.enrolled])
        try await scene.run(scene.service(receiver, destination: destination), for: .seconds(60))
        let act = Self.act(.replay, "once more", at: scene.time.now)
        #expect(try await scene.ledger.replay(EventSelection(), to: Scene.name, by: act) == 1)
        try await scene.run(scene.service(receiver, destination: destination), for: .seconds(120))
        #expect(receiver.messages.isEmpty)
        #expect(try await scene.deliveries(.waiting).isEmpty)
    }

    @Test("a dead letter that is replayed arrives, and so does what was delivered before")
    func replay() async throws {
        let scene = Scene()
        var retries = RetrySchedule()
        retries.giveUpAfter = .zero
        retries.fewestTries = 1
        let destination = Destination(name: Scene.name, retries: retries)
        let first = try await scene.tell(1)
        try await scene.tell(1)
        let isMended = Mutex(false)
        let receiver = InMemoryReceiver(scene.time) { id, _, _ in
            TransportAnswer(status: id == "\(first.id)" && !isMended.withLock { $0 } ? 500 : 200)
        }
        try await scene.run(scene.service(receiver, destination: destination), for: .seconds(60))
        #expect(try await scene.deliveries(.dead).map(\.position) == [1])
        isMended.withLock { $0 = true }
        let act = Self.act(.replay, "mended", at: scene.time.now)
        #expect(try await scene.ledger.replay(EventSelection(), to: Scene.name, by: act) == 2)
        try await scene.run(scene.service(receiver, destination: destination), for: .seconds(120))
        #expect(receiver.messages.filter(\.wasAccepted).map(\.generation).sorted() == [1, 2, 2])
        #expect(try await scene.deliveries(.waiting).isEmpty)
        #expect(try await scene.deliveries(.dead).isEmpty)
    }

    @Test("while the destination wants a pause, nothing is sent, and then few at a time", arguments: [429, 503])
    func slowed(status: Int) async throws {
        let scene = Scene()
        for number in 0..<100 { try await scene.tell(number) }
        let paused = Mutex<(until: Timestamp, served: Int, tooEarly: Int)>((VirtualTime.start, 0, 0))
        let receiver = InMemoryReceiver(scene.time) { _, _, now in
            paused.withLock { paused in
                if now < paused.until {
                    paused.tooEarly += 1
                } else if paused.served < 30 {
                    paused.served += 1
                    return TransportAnswer(status: 200)
                } else {
                    paused.until = now.adding(seconds: 90)
                    paused.served = 0
                }
                return TransportAnswer(status: status, retryAfter: "90")
            }
        }
        try await scene.run(scene.service(receiver), for: .seconds(1_800))
        #expect(receiver.state == scene.expected)
        #expect(try await scene.standing().cursor == 100)
        // Those that were under way when it asked, three times, and fewer each time.
        #expect(paused.withLock { $0.tooEarly } <= 16 + 8 + 4)
        #expect(try await scene.deliveries(.dead).isEmpty)
    }

    @Test("an event at which the destination asks for a pause every time does not hold up the others")
    func slowingEvent() async throws {
        let scene = Scene()
        let odd = try await scene.tell(1)
        for minute in 1...60 {
            scene.time.at(.seconds(minute * 60)) { for device in 2...4 { _ = try? await scene.tell(device) } }
        }
        let receiver = InMemoryReceiver(scene.time) { id, _, _ in
            TransportAnswer(status: id == "\(odd.id)" ? 429 : 200, retryAfter: "1")
        }
        try await scene.run(scene.service(receiver), for: .seconds(2 * 3_600))
        #expect(try await scene.standing().cursor == 181)
        #expect(try await scene.deliveries(.waiting).map(\.position) == [1])
    }

    @Test("a destination that is gone gets nothing more, until somebody resumes it")
    func gone() async throws {
        let scene = Scene()
        for number in 0..<50 { try await scene.tell(number) }
        let isGone = Mutex(true)
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in
            TransportAnswer(status: isGone.withLock { $0 } ? 410 : 200)
        }
        try await scene.run(scene.service(receiver), for: .seconds(3_600))
        let sent = receiver.messages.count
        #expect((1...16).contains(sent))
        let standing = try await scene.standing()
        #expect(standing.state == .stopped && standing.cursor == 0)
        // Another process leaves it alone as well.
        try await scene.run(scene.service(receiver), for: .seconds(3_600))
        #expect(receiver.messages.count == sent)
        let act = Self.act(.resumeDestination, "back", at: scene.time.now)
        scene.time.at(scene.time.uptime + .seconds(1_800)) {
            isGone.withLock { $0 = false }
            _ = try? await scene.ledger.resume(destination: Scene.name, by: act)
        }
        try await scene.run(scene.service(receiver), for: .seconds(3_600))
        #expect(receiver.state == scene.expected)
        #expect(try await scene.standing().state == .active)
    }

    @Test("what was under way when the destination was stopped does not stop it again after somebody resumed it")
    func resumedMeanwhile() async throws {
        let scene = Scene()
        let slow = try await scene.tell(1)
        try await scene.tell(2)
        var timing = DeliveryTiming()
        timing.takeAgain = .milliseconds(50)
        let release = ShutdownSignal()
        let isGone = Mutex(true)
        let receiver = InMemoryReceiver(SystemTime()) { id, _, _ in
            if id == "\(slow.id)" {
                await release.wait()
                return TransportAnswer(status: 200)
            }
            return TransportAnswer(status: isGone.withLock { $0 } ? 410 : 200)
        }
        let service = DeliveryService(
            Destination(name: Scene.name),
            ports: DeliveryService.Ports(
                ledger: scene.ledger,
                renderer: PlainRenderer(),
                transport: receiver,
                clock: SystemTime()
            ),
            holder: "sender",
            timing: timing,
            logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let shutdown = ShutdownSignal()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await service.run(until: shutdown) }
            try await Self.eventually { try await scene.standing().state == .stopped }
            isGone.withLock { $0 = false }
            let act = Self.act(.resumeDestination, "back", at: SystemTime().now)
            #expect(try await scene.ledger.resume(destination: Scene.name, by: act))
            release.raise()
            try await Self.eventually { try await scene.standing().cursor == 2 }
            shutdown.raise()
        }
        #expect(receiver.state == scene.expected)
        #expect(try await scene.standing().state == .active)
    }

    @Test(
        "an event that hangs holds up nobody: with no room for a page, it becomes a delivery of its own",
        arguments: [8, 3]
    )
    func hanging(page: Int) async throws {
        let scene = Scene()
        let slow = try await scene.tell(1)
        for number in 0..<40 { try await scene.tell(2 + number % 5) }
        var timing = DeliveryTiming()
        timing.window = 8
        timing.page = page
        timing.overtake = .milliseconds(50)
        let release = ShutdownSignal()
        let receiver = InMemoryReceiver(SystemTime()) { id, _, _ in
            if id == "\(slow.id)" { await release.wait() }
            return TransportAnswer(status: 200)
        }
        let service = DeliveryService(
            Destination(name: Scene.name),
            ports: DeliveryService.Ports(
                ledger: scene.ledger,
                renderer: PlainRenderer(),
                transport: receiver,
                clock: SystemTime()
            ),
            holder: "sender",
            timing: timing,
            logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let shutdown = ShutdownSignal()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await service.run(until: shutdown) }
            try await Self.eventually { try await scene.standing().cursor == 41 }
            try await Self.eventually { try await scene.deliveries(.waiting).map(\.position) == [1] }
            release.raise()
            try await Self.eventually { try await scene.deliveries(.waiting).isEmpty }
            shutdown.raise()
        }
        #expect(receiver.state == scene.expected)
    }

    @Test("a sender that is told to stop records what was acknowledged before it gives the destination back")
    func drains() async throws {
        let scene = Scene()
        for number in 0..<10 { try await scene.tell(number) }
        let shutdown = ShutdownSignal()
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in
            shutdown.raise()
            await Task.yield()
            return TransportAnswer(status: 200)
        }
        let destination = Destination(name: Scene.name, concurrency: 4)
        try await scene.service(receiver, destination: destination).run(until: shutdown)
        #expect(receiver.messages.count == 4)
        #expect(try await scene.standing().cursor == 4)
    }

    private static func act(_ verb: AdministrativeAct.Verb, _ reason: String, at now: Timestamp) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: SeededRandom().octets(TraceID.randomOctets)),
            verb: verb,
            actor: "test",
            reason: reason,
            ticket: nil,
            time: now
        )
    }

    static func eventually(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<18_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it did not come to it within minutes")
    }
}
