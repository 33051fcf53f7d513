import Dispatch
import ServiceRuntime
import Testing

@Suite("An executor that may block", .timeLimit(.minutes(10)))
struct BlockingExecutorTests {
    private actor Worker {
        private let executor: BlockingExecutor
        private(set) var numbers: [Int] = []

        nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

        init(label: String) {
            self.executor = BlockingExecutor(label: label)
        }

        func append(_ number: Int) {
            self.preconditionIsolated()
            self.numbers.append(number)
        }

        func block(on semaphore: DispatchSemaphore) {
            semaphore.wait()
        }
    }

    @Test("does the work of one actor in the order in which it was handed over")
    func order() async {
        let worker = Worker(label: "order")
        for number in 0..<200 { await worker.append(number) }
        #expect(await worker.numbers == Array(0..<200))
    }

    @Test("lets no two calls of one actor overlap")
    func exclusive() async {
        let worker = Worker(label: "exclusive")
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<500 { group.addTask { await worker.append(number) } }
        }
        #expect(await worker.numbers.sorted() == Array(0..<500))
    }

    @Test("keeps blocked actors off the shared pool: other work goes on, even that which ends the wait")
    func doesNotStarve() async {
        // More than the pool has threads, so that a single one on the pool would end in a standstill.
        let count = 24
        let semaphore = DispatchSemaphore(value: 0)
        let released = await withTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                group.addTask {
                    await Worker(label: "blocked \(number)").block(on: semaphore)
                    return 1
                }
            }
            group.addTask {
                await Task.yield()
                for _ in 0..<count { semaphore.signal() }
                return 0
            }
            return await group.reduce(0, +)
        }
        #expect(released == count)
    }
}
