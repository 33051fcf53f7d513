import ServiceRuntime
import Testing

@Suite("The shutdown signal", .timeLimit(.minutes(10)))
struct ShutdownSignalTests {
    @Test("lets everybody go who waits, however many")
    func wakesAll() async {
        let signal = ShutdownSignal()
        let woken = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await signal.wait()
                    return 1
                }
            }
            group.addTask {
                signal.raise()
                return 0
            }
            return await group.reduce(0, +)
        }
        #expect(woken == 50)
        #expect(signal.isRaised)
    }

    @Test("stays raised: who comes later does not wait, and raising again changes nothing")
    func staysRaised() async {
        let signal = ShutdownSignal()
        #expect(!signal.isRaised)
        signal.raise()
        signal.raise()
        await signal.wait()
        await signal.wait()
        #expect(signal.isRaised)
    }

    @Test("lets a cancelled task go without being raised")
    func cancellation() async {
        let signal = ShutdownSignal()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { await signal.wait() } }
            group.cancelAll()
            await group.waitForAll()
        }
        #expect(!signal.isRaised)
        // Those who left are still listed, and raising now has to cope with them.
        signal.raise()
        await signal.wait()
    }
}
