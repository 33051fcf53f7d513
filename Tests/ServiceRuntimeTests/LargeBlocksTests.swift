import Glibc
import ServiceRuntime
import Testing

/// Sanitizers bring an allocator of their own, which has nothing to agree to.
private let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

@Suite("Large blocks of memory", .enabled(if: !isSanitized))
struct LargeBlocksTests {
    @Test("go back to the system when they are freed: the C library agrees")
    func agreed() {
        #expect(LargeBlocks.returnWhenFreed())
    }
}
