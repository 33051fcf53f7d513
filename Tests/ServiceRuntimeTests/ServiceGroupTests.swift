import ServiceRuntime
import Synchronization
import Testing

@Suite("A group of services", .timeLimit(.minutes(10)))
struct ServiceGroupTests {
    private struct Broken: Error {}

    /// Runs a closure and notes that it ended.
    private struct Probe: Service {
        let name: String
        let ended: Ended
        let body: @Sendable (ShutdownSignal) async throws -> Void

        func run(until shutdown: ShutdownSignal) async throws {
            defer { self.ended.note(self.name) }
            try await self.body(shutdown)
        }
    }

    private final class Ended: Sendable {
        private let noted = Mutex<Set<String>>([])

        var names: Set<String> { self.noted.withLock { $0 } }

        func note(_ name: String) {
            self.noted.withLock { _ = $0.insert(name) }
        }
    }

    @Test("ends when one throws, although a sibling waits for a signal that nobody raises")
    func failureReachesWaiters() async {
        let ended = Ended()
        let signal = ShutdownSignal()
        let group = ServiceGroup([
            Probe(name: "waiting", ended: ended) { await $0.wait() },
            Probe(name: "broken", ended: ended) { _ in throw Broken() },
        ])
        await #expect(throws: Broken.self) { try await group.run(until: signal) }
        #expect(ended.names == ["waiting", "broken"])
        #expect(!signal.isRaised)
    }

    @Test("ends when one throws, although a sibling sleeps for long")
    func failureCancels() async {
        let ended = Ended()
        let group = ServiceGroup([
            Probe(name: "sleeping", ended: ended) { _ in try await Task.sleep(for: .seconds(86_400)) },
            Probe(name: "broken", ended: ended) { _ in throw Broken() },
        ])
        await #expect(throws: Broken.self) { try await group.run(until: ShutdownSignal()) }
        #expect(ended.names == ["sleeping", "broken"])
    }

    @Test("ends without an error when the signal is raised and all have come to their end")
    func signalEnds() async throws {
        let ended = Ended()
        let group = ServiceGroup([
            Probe(name: "one", ended: ended) { await $0.wait() },
            Probe(name: "two", ended: ended) { await $0.wait() },
            Probe(name: "raiser", ended: ended) { $0.raise() },
        ])
        try await group.run(until: ShutdownSignal())
        #expect(ended.names == ["one", "two", "raiser"])
    }

    @Test("goes on when one of them has nothing more to do")
    func earlyEnd() async throws {
        let ended = Ended()
        let signal = ShutdownSignal()
        let group = ServiceGroup([
            Probe(name: "short", ended: ended) { _ in },
            Probe(name: "long", ended: ended) { shutdown in
                while !ended.names.contains("short") { await Task.yield() }
                #expect(!Task.isCancelled)
                shutdown.raise()
            },
        ])
        try await group.run(until: signal)
        #expect(ended.names == ["short", "long"])
    }

    @Test("of nobody ends at once")
    func empty() async throws {
        let shutdown = ShutdownSignal()
        try await ServiceGroup([]).run(until: shutdown)
        #expect(!shutdown.isRaised, "it did not wait to be told")
    }
}
