import EnrollmentCore
import EnrollmentTestKit
import Logging
import ServiceRuntime
import Synchronization
import Testing

@testable import ManagementLink

/// A ledger with events, and a sender with time of its own.
final class Scene: Sendable {
    static let name = "mdm"
    let ledger = InMemoryLedger()
    let time = VirtualTime()
    /// Generations by device, as they were put in.
    private let told = Mutex<[String: [Int]]>([:])
    private let count = Mutex(0)

    /// What a receiver has in the end.
    var expected: [String: [Int]] { self.told.withLock { $0 } }

    /// Puts an event of a device into the feed.
    @discardableResult
    func tell(_ device: Int) async throws -> HandOffEvent {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        let id = "\(Feed.device(device))"
        let generation = self.told.withLock { told in
            let generation = (told[id]?.last ?? 0) + 1
            told[id, default: []].append(generation)
            return generation
        }
        let event = Feed.event(number, device: device, generation: generation)
        try await self.ledger.tell(event, subject: "", details: [], at: self.time.now)
        _ = try await self.ledger.placeEvents(limit: 10)
        return event
    }

    /// Rarely enough that a day is soon over.
    static var timing: DeliveryTiming {
        var timing = DeliveryTiming()
        timing.lease = .seconds(1_200)
        timing.readFeed = .seconds(60)
        timing.readDue = .seconds(60)
        timing.takeAgain = .seconds(60)
        return timing
    }

    func service(
        _ transport: any MessageTransport,
        ledger: (any HandOffLedger)? = nil,
        destination: Destination = Destination(name: Scene.name),
        timing: DeliveryTiming = Scene.timing
    ) -> DeliveryService {
        DeliveryService(
            destination,
            ports: DeliveryService.Ports(
                ledger: ledger ?? self.ledger,
                renderer: PlainRenderer(),
                transport: transport,
                clock: self.time,
                pace: self.time,
                random: { 0.5 }
            ),
            holder: "sender",
            timing: timing,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs a sender for that long.
    func run(_ service: DeliveryService, for duration: Duration) async throws {
        let shutdown = ShutdownSignal()
        self.time.at(self.time.uptime + duration) { shutdown.raise() }
        try await service.run(until: shutdown)
    }

    func standing() async throws -> DestinationStanding { try await self.ledger.destination(Self.name) }

    func deliveries(_ state: Delivery.State) async throws -> [Delivery] {
        try await self.ledger.deliveries(to: Self.name, in: state, after: nil, limit: 1_000).elements
    }
}
