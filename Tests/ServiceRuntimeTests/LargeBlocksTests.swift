import ServiceRuntime
import Testing

@Suite("Large blocks of memory", .timeLimit(.minutes(10)))
struct LargeBlocksTests {
    @Test("go back to the system when they are freed: the C library agrees")
    func agreed() {
        #expect(LargeBlocks.returnWhenFreed())
    }
}
