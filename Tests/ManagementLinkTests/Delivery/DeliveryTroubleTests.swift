import EnrollmentCore
import EnrollmentTestKit
import Logging
import ServiceRuntime
import Synchronization
import Testing

@testable import ManagementLink

@Suite("A sender in trouble")
struct DeliveryTroubleTests {
    /// Of each device, what a receiver gets first is in order; afterwards some of it may come once more.
    private static func expectOrder(_ receiver: InMemoryReceiver, _ comment: Comment) {
        var first: [String: Int] = [:]
        var seen: Set<String> = []
        for message in receiver.messages where message.wasAccepted && seen.insert(message.id).inserted {
            #expect(message.generation == (first[message.device] ?? 0) + 1, comment)
            first[message.device] = message.generation
        }
    }

    /// Refuses now and then, each event another number of times, so that deliveries wait as well.
    private static func moody(_ time: VirtualTime) -> InMemoryReceiver {
        InMemoryReceiver(time) { (id, tries, _) throws(TransportFailure) in
            let mood = id.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
            guard mood % 4 == 0, tries <= mood % 3 + 1 else { return TransportAnswer(status: 200) }
            if mood % 8 == 0 { throw .unanswered("reset") }
            return TransportAnswer(status: 500)
        }
    }

    @Test(
        "killed at any call of the ledger, it loses nothing and keeps every device's order",
        arguments: TroubledLedger.Trouble.allCases
    )
    func killed(trouble: TroubledLedger.Trouble) async throws {
        // How many calls there are when all goes well.
        let calm = Scene()
        for number in 0..<40 { try await calm.tell(number % 5) }
        let counting = TroubledLedger(calm.ledger, failing: nil)
        try await calm.run(calm.service(Self.moody(calm.time), ledger: counting), for: .seconds(900))
        #expect(counting.calls > 20)

        for call in 1...min(counting.calls, 60) {
            let scene = Scene()
            for number in 0..<40 { try await scene.tell(number % 5) }
            let receiver = Self.moody(scene.time)
            let shutdown = ShutdownSignal()
            // From then on the ledger does nothing for this process any more: it may as well be gone.
            let dying = TroubledLedger(scene.ledger, failing: call, trouble, isFatal: true) { shutdown.raise() }
            scene.time.at(.seconds(900)) { shutdown.raise() }
            try await scene.service(receiver, ledger: dying).run(until: shutdown)
            try await scene.run(scene.service(receiver), for: .seconds(3_600))
            #expect(receiver.state == scene.expected, "killed at call \(call)")
            Self.expectOrder(receiver, "killed at call \(call)")
            #expect(try await scene.standing().cursor == 40, "killed at call \(call)")
            #expect(try await scene.deliveries(.waiting).isEmpty, "killed at call \(call)")
        }
    }

    @Test(
        "a ledger that is away for one call costs at most that something is sent twice",
        arguments: TroubledLedger.Trouble.allCases
    )
    func troubled(trouble: TroubledLedger.Trouble) async throws {
        for call in 1...60 {
            let scene = Scene()
            for number in 0..<40 { try await scene.tell(number % 5) }
            let receiver = Self.moody(scene.time)
            let ledger = TroubledLedger(scene.ledger, failing: call, trouble)
            try await scene.run(scene.service(receiver, ledger: ledger), for: .seconds(3_600))
            #expect(receiver.state == scene.expected, "call \(call)")
            Self.expectOrder(receiver, "call \(call)")
            #expect(try await scene.standing().cursor == 40, "call \(call)")
        }
    }

    @Test("whoever loses the destination stops at once, and records nothing any more")
    func lostLease() async throws {
        let scene = Scene()
        for number in 0..<30 { try await scene.tell(number) }
        let ledger = scene.ledger
        let sent = Mutex(0)
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in
            let count = sent.withLock { sent in
                sent += 1
                return sent
            }
            if count == 4 {
                // As if the lease had ended and another replica had been quicker.
                try? await ledger.leaveDestination(Scene.name, holder: "sender")
                _ = try? await ledger.takeDestination(Scene.name, holder: "other", for: 3_600)
            }
            return TransportAnswer(status: 200)
        }
        let destination = Destination(name: Scene.name, concurrency: 4)
        try await scene.run(scene.service(receiver, destination: destination), for: .seconds(600))
        #expect(receiver.messages.count < 12)
        #expect(try await scene.standing().cursor == 0)
        try await ledger.leaveDestination(Scene.name, holder: "other")
        try await scene.run(scene.service(receiver, destination: destination), for: .seconds(600))
        #expect(receiver.state == scene.expected)
        #expect(try await scene.standing().cursor == 30)
    }

    @Test("two senders share a destination without sending at the same time", arguments: 0..<5)
    func takesOver(seed: Int) async throws {
        let scene = Scene()
        for number in 0..<60 { try await scene.tell(number % 6) }
        let receiver = Self.moody(scene.time)
        for turn in 0..<8 {
            try await scene.run(scene.service(receiver), for: .seconds((seed * 7 + turn * 13) % 40 + 1))
        }
        try await scene.run(scene.service(receiver), for: .seconds(3_600))
        #expect(receiver.state == scene.expected)
        Self.expectOrder(receiver, "seed \(seed)")
        // Given back in order, nothing is sent again.
        let accepted = receiver.messages.filter(\.wasAccepted)
        #expect(accepted.count == Set(accepted.map(\.id)).count)
    }

    @Test("an event that cannot be written waits, and is sent once it can")
    func unwritable() async throws {
        let scene = Scene()
        let first = try await scene.tell(1)
        try await scene.tell(2)
        let receiver = InMemoryReceiver(scene.time) { _, _, _ in TransportAnswer(status: 200) }
        let isMended = Mutex(false)
        let renderer = MendableRenderer { event in event.id == first.id && !isMended.withLock { $0 } }
        func service() -> DeliveryService {
            DeliveryService(
                Destination(name: Scene.name),
                ports: DeliveryService.Ports(
                    ledger: scene.ledger,
                    renderer: renderer,
                    transport: receiver,
                    clock: scene.time,
                    pace: scene.time,
                    random: { 0.5 }
                ),
                holder: "sender",
                timing: Scene.timing,
                logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }
        try await scene.run(service(), for: .seconds(60))
        #expect(receiver.messages.map(\.generation) == [1])
        #expect(try await scene.deliveries(.waiting).first?.lastError == "could not be written: The vault is shut.")
        isMended.withLock { $0 = true }
        try await scene.run(service(), for: .seconds(3_600))
        #expect(receiver.state == scene.expected)
    }
}

/// Cannot write certain events.
struct MendableRenderer: EventRenderer {
    let isBroken: @Sendable (HandOffEvent) -> Bool

    func render(_ event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> WebhookMessage {
        guard !self.isBroken(event.event) else {
            throw EnrollmentError(.internalService, "The vault is shut.", rule: "vault.open")
        }
        return try PlainRenderer().render(event, at: now)
    }
}
