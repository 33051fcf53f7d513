/// The little of DER (X.690) that public keys and signatures of tokens need.
enum DER {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] {
        self.element(0x30, parts.flatMap { $0 })
    }

    /// A string of whole octets.
    static func bitString(_ octets: [UInt8]) -> [UInt8] {
        self.element(0x03, [0] + octets)
    }

    /// A positive number from its octets, most significant first, in any number of them.
    static func integer(_ octets: some Collection<UInt8>) -> [UInt8] {
        let digits = Array(octets.drop { $0 == 0 })
        guard let first = digits.first else { return [0x02, 0x01, 0x00] }
        return self.element(0x02, first < 0x80 ? digits : [0] + digits)
    }

    /// What an octet string of exactly `count` octets holds; `nil` when `octets` is anything else.
    static func octetString(_ octets: [UInt8], count: Int) -> [UInt8]? {
        guard count < 0x80 else {
            let header: [UInt8] = [0x04, 0x81, UInt8(truncatingIfNeeded: count)]
            return octets.count == count + 3 && octets.starts(with: header) ? Array(octets.dropFirst(3)) : nil
        }
        guard octets.count == count + 2, octets.starts(with: [0x04, UInt8(count)]) else { return nil }
        return Array(octets.dropFirst(2))
    }

    private static func element(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        if contents.count < 0x80 {
            length = [UInt8(contents.count)]
        } else {
            var rest = contents.count
            while rest > 0 {
                length.insert(UInt8(rest & 0xFF), at: 0)
                rest >>= 8
            }
            length.insert(0x80 | UInt8(length.count), at: 0)
        }
        return [tag] + length + contents
    }
}
