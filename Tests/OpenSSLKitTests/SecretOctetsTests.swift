import OpenSSLKit
import Testing

@Suite("Secret octets")
struct SecretOctetsTests {
    /// They cannot be in an array themselves.
    private final class Box: Sendable {
        private let octets: SecretOctets

        init(_ octet: UInt8) { self.octets = SecretOctets([UInt8](repeating: octet, count: 64)) }

        func holds(_ octet: UInt8) -> Bool {
            self.octets.withOctets { $0.count == 64 && $0.allSatisfy { $0 == octet } }
        }
    }

    @Test("more secrets than the locked heap has room for are kept all the same")
    func fullHeap() async {
        // In a process of its own: the heap is everybody's.
        await #expect(processExitsWith: .success) {
            SecureHeap.initialize(size: 4_096)
            let boxes = (0..<200).map { Box(UInt8($0)) }
            #expect(SecureHeap.used == 4_096)
            for (index, box) in boxes.enumerated() { #expect(box.holds(UInt8(index))) }
        }
    }

    @Test("what the heap could not take is freed, and what it took is there for others again")
    func freed() async {
        await #expect(processExitsWith: .success) {
            SecureHeap.initialize(size: 4_096)
            for _ in 0..<3 {
                do {
                    let boxes = (0..<200).map { Box(UInt8($0)) }
                    withExtendedLifetime(boxes) { #expect(SecureHeap.used == 4_096) }
                }
                #expect(SecureHeap.used == 0)
            }
        }
    }

    @Test(
        "a heap is a power of two, with room for every connection beside the process's own",
        arguments: [0, 1, 4_160, 8_320, 1_000_064]
    )
    func size(connections: Int) {
        let size = SecureHeap.size(forConnections: connections)
        #expect(size.nonzeroBitCount == 1)
        #expect(size - connections * SecureHeap.octetsPerConnection >= 1 << 18)
        #expect(size < 2 * ((1 << 18) + connections * SecureHeap.octetsPerConnection))
    }
}
