import OpenSSLKit
import Testing

@Suite("System random")
struct SystemRandomTests {
    @Test("gives as many octets as asked for", arguments: [0, 1, 16, 4_096])
    func count(_ count: Int) throws {
        #expect(try SystemRandom.octets(count).count == count)
    }

    @Test("a thousand draws of sixteen octets are all different")
    func distinct() throws {
        #expect(Set(try (0..<1_000).map { _ in try SystemRandom.octets(16) }).count == 1_000)
    }
}
