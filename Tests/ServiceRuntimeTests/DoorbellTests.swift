import ServiceRuntime
import Synchronization
import Testing

@Suite("A doorbell", .timeLimit(.minutes(10)))
struct DoorbellTests {
    /// Far longer than any test may take: whoever waits for so long was not woken.
    private static let forever = Duration.seconds(3_600)

    @Test("ends a wait before its time")
    func wakes() async {
        let bell = Doorbell()
        let begin = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: Self.forever) }
            bell.ring()
            await group.waitForAll()
        }
        #expect(ContinuousClock.now - begin < Self.forever)
    }

    @Test("that rang while nobody waited ends the next wait at once, and that one alone")
    func isRemembered() async {
        let bell = Doorbell()
        bell.ring()
        bell.ring()
        await bell.wait(atMost: Self.forever)
        let begin = ContinuousClock.now
        await bell.wait(atMost: .milliseconds(50))
        #expect(begin.duration(to: .now) >= .milliseconds(50))
    }

    @Test("that does not ring lets go after the time")
    func timesOut() async {
        let bell = Doorbell()
        let begin = ContinuousClock.now
        for _ in 0..<3 { await bell.wait(atMost: .milliseconds(1)) }
        #expect(ContinuousClock.now - begin >= .milliseconds(3))
        // Whoever waited before is not woken in place of who waits now.
        bell.ring()
        await bell.wait(atMost: Self.forever)
        #expect(ContinuousClock.now - begin < Self.forever)
    }

    @Test("lets a cancelled task go")
    func cancellation() async {
        let bell = Doorbell()
        let begin = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(atMost: Self.forever) }
            group.cancelAll()
            await group.waitForAll()
        }
        #expect(ContinuousClock.now - begin < Self.forever)
    }

    @Test("loses no ring, whoever rings and whenever")
    func losesNone() async {
        let bell = Doorbell()
        let (told, seen) = (Count(), Count())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while seen.value.load(ordering: .acquiring) < 2_000 {
                    await bell.wait(atMost: Self.forever)
                    seen.value.store(told.value.load(ordering: .acquiring), ordering: .releasing)
                }
            }
            group.addTask {
                for number in 1...2_000 {
                    told.value.store(number, ordering: .releasing)
                    bell.ring()
                    if number % 100 == 0 { await Task.yield() }
                }
            }
            await group.waitForAll()
        }
        #expect(seen.value.load(ordering: .relaxed) == 2_000)
    }

    private final class Count: Sendable {
        let value = Atomic(0)
    }

    private struct Rounds: Service {
        let name = "rounds"
        let bell: Doorbell
        let count: ShutdownSignal
        let rounds = Count()

        func run(until shutdown: ShutdownSignal) async throws {
            await self.repeatedly(every: .seconds(3_600), orWhen: self.bell, until: shutdown) {
                if self.rounds.value.add(1, ordering: .relaxed).newValue == 3 {
                    shutdown.raise()
                } else {
                    self.bell.ring()
                }
            }
        }
    }

    @Test("wakes a service that does something again and again")
    func service() async throws {
        let service = Rounds(bell: Doorbell(), count: ShutdownSignal())
        try await service.run(until: service.count)
        #expect(service.rounds.value.load(ordering: .relaxed) >= 3)
    }
}
