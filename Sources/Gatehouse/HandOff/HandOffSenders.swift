import ManagementLink
import ServiceRuntime
import Synchronization

/// The senders of the configuration in effect; a reload lets those there are finish, and others begin.
final class HandOffSenders: Service {
    private struct Generation: Sendable {
        let senders: [DeliveryService]
        let retired = ShutdownSignal()
    }

    let name = "hand-off"
    private let state: Mutex<Generation>

    init(_ senders: [DeliveryService]) {
        self.state = Mutex(Generation(senders: senders))
    }

    var current: [DeliveryService] { self.state.withLock { $0.senders } }

    func replace(with senders: [DeliveryService]) {
        let former = self.state.withLock { state in
            defer { state = Generation(senders: senders) }
            return state
        }
        former.retired.raise()
    }

    /// There may be new events in the feed.
    @Sendable func noteNewEvents() {
        for sender in self.current { sender.noteNewEvents() }
    }

    func run(until shutdown: ShutdownSignal) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                await shutdown.wait()
                self.state.withLock { $0 }.retired.raise()
            }
            while !shutdown.isRaised {
                let generation = self.state.withLock { $0 }
                try await ServiceGroup(generation.senders).run(until: generation.retired)
                // Without any sender there is nothing that would wait.
                await generation.retired.wait()
            }
        }
    }
}

/// Wakes the senders when another process says that there are events.
struct FeedRelay: Service {
    /// A sender looks by itself as well; this is only so that the bell is heard.
    private static let period = Duration.seconds(60)

    let name = "feed relay"
    let bell: Doorbell
    let senders: HandOffSenders

    func run(until shutdown: ShutdownSignal) async throws {
        await self.repeatedly(every: Self.period, orWhen: self.bell, until: shutdown) {
            self.senders.noteNewEvents()
        }
    }
}
