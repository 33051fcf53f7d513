import Synchronization
import Testing

@testable import PKCS11Kit

@Suite("Errands for a token", .timeLimit(.minutes(5)))
struct ErrandQueueTests {
    /// Keeps what an errand came to.
    private final class Ending: Sendable {
        private let endings = Mutex<[PKCS11Error.Kind]>([])

        var kinds: [PKCS11Error.Kind] { self.endings.withLock { $0 } }

        func errand(within limit: Duration) -> Errand {
            Errand(before: .now + limit) { _ in
                0
            } then: { result in
                if case .failure(let error) = result { self.endings.withLock { $0.append(error.kind) } }
            }
        }
    }

    @Test("beyond the limit are turned away at once, and taken again when there is room")
    func limit() {
        let queue = ErrandQueue(workers: 1, limit: 2)
        let endings = (0..<4).map { _ in Ending() }
        for ending in endings.prefix(3) { queue.add(ending.errand(within: .seconds(60))) }
        #expect(endings.map(\.kinds) == [[], [], [.busy], []])
        #expect(queue.next(for: 0) != nil)
        queue.add(endings[3].errand(within: .seconds(60)))
        #expect(endings[3].kinds.isEmpty)
    }

    @Test("that no thread takes end at their deadline, once, and those behind a call that hangs as well")
    func deadline() async throws {
        let queue = ErrandQueue(workers: 1, limit: 10)
        try Threads.start { queue.watch() }
        let (stuck, waiting, late) = (Ending(), Ending(), Ending())
        queue.add(stuck.errand(within: .milliseconds(50)))
        let taken = try #require(queue.next(for: 0))
        queue.add(waiting.errand(within: .milliseconds(100)))
        while waiting.kinds.isEmpty || stuck.kinds.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(stuck.kinds == [.timeLimit])
        #expect(waiting.kinds == [.timeLimit])
        // Whoever comes while every thread is stuck need not wait to hear of it.
        queue.add(late.errand(within: .seconds(60)))
        #expect(late.kinds == [.away])
        // The call returned after all: nobody is told twice, and what was given up is not begun.
        taken.fail(PKCS11Error(.refused, during: "a test", "too late"))
        #expect(stuck.kinds == [.timeLimit])
        let next = Ending()
        queue.close()
        #expect(queue.next(for: 0) == nil)
        queue.add(next.errand(within: .seconds(60)))
        #expect(next.kinds == [.away])
    }

    @Test("of a queue that was closed are told of at their deadline all the same")
    func closed() async throws {
        let queue = ErrandQueue(workers: 1, limit: 10)
        try Threads.start { queue.watch() }
        let (stuck, waiting) = (Ending(), Ending())
        queue.add(stuck.errand(within: .milliseconds(200)))
        _ = try #require(queue.next(for: 0))
        queue.add(waiting.errand(within: .milliseconds(300)))
        queue.close()
        while waiting.kinds.isEmpty || stuck.kinds.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(stuck.kinds == [.timeLimit])
        #expect(waiting.kinds == [.timeLimit])
    }
}
