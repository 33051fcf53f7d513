import EnrollmentCore
import EnrollmentTestKit
import Logging
import ManagementLink
import ServiceRuntime
import Synchronization
import Testing

@Suite("Whoever gives events their places")
struct PlacerServiceTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("events that were put in get their places, all of them, and somebody hears of it")
    func places() async throws {
        let ledger = InMemoryLedger()
        for number in 1...2_500 {
            let event = Feed.event(number, device: number)
            try await ledger.tell(event, subject: "", details: [], at: VirtualTime.start)
        }
        let shutdown = ShutdownSignal()
        let rings = Mutex(0)
        let placer = PlacerService(
            ledger: ledger,
            period: .milliseconds(1),
            isOurs: { true },
            onPlaced: {
                let count = rings.withLock { rings in
                    rings += 1
                    return rings
                }
                if count == 3 { shutdown.raise() }
            },
            logger: Self.logger
        )
        try await placer.run(until: shutdown)
        #expect(try await ledger.feedExtent().kept == 1...2_500)
    }

    @Test("a process whose duty it is not places nothing; trouble of the ledger ends nothing")
    func notOurs() async throws {
        let ledger = InMemoryLedger()
        try await ledger.tell(Feed.event(1, device: 1), subject: "", details: [], at: VirtualTime.start)
        let shutdown = ShutdownSignal()
        let looks = Mutex(0)
        let troubled = TroubledLedger(ledger, failing: 1)
        let placer = PlacerService(
            ledger: troubled,
            period: .milliseconds(1),
            isOurs: {
                let count = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                // Its turn comes with the fifth look, at which the ledger is away, and stays.
                return count >= 5
            },
            onPlaced: { shutdown.raise() },
            logger: Self.logger
        )
        try await placer.run(until: shutdown)
        #expect(looks.withLock { $0 } >= 6)
        #expect(try await ledger.feedExtent().kept == 1...1)
    }
}
