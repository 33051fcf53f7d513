internal import EnrollmentCore

/// SHA-256 over a certificate, in a form that is compared and hashed without touching the heap.
package struct Thumbprint: Hashable, Sendable {
    private let words: SIMD4<UInt64>

    /// - Returns: `nil` for anything but 32 octets.
    package init?(_ octets: [UInt8]) {
        guard octets.count == 32 else { return nil }
        var words = SIMD4<UInt64>()
        for (index, octet) in octets.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(octet) }
        self.words = words
    }

    /// Reads 64 hexadecimal digits of either case.
    package init?(hexadecimal text: String) {
        guard text.utf8.count == 64, let octets = Hexadecimal.decode(text) else { return nil }
        self.init(octets)
    }

    package var octets: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: self.words[$0 / 8] >> UInt64(56 - $0 % 8 * 8)) }
    }

    package static func == (left: Thumbprint, right: Thumbprint) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.words[0])
        hasher.combine(self.words[1])
    }
}
