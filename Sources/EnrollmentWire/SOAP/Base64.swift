/// Base64 (RFC 4648 § 4), tolerant of white space only.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// 0–63 for a symbol, 64 for white space, 255 for anything else.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, symbol) in Self.alphabet.enumerated() { values[Int(symbol)] = UInt8(value) }
        for space: UInt8 in [0x20, 0x09, 0x0A, 0x0D] { values[Int(space)] = 64 }
        return values
    }()

    /// Decodes what messages carry, broken over lines or not.
    ///
    /// - Returns: `nil` for a foreign symbol, missing or surplus padding, or bits behind the last octet that are not
    ///   zero: one sequence of octets has one spelling.
    package static func decode(_ symbols: ArraySlice<UInt8>) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(symbols.count / 4 * 3)
        var group: UInt32 = 0
        var count = 0
        var padding = 0
        let values = Self.values
        for symbol in symbols {
            let value = values[Int(symbol)]
            if value < 64 {
                guard padding == 0 else { return nil }
                group = group << 6 | UInt32(value)
                count += 1
                if count == 4 {
                    octets.append(UInt8(truncatingIfNeeded: group >> 16))
                    octets.append(UInt8(truncatingIfNeeded: group >> 8))
                    octets.append(UInt8(truncatingIfNeeded: group))
                    group = 0
                    count = 0
                }
            } else if symbol == UInt8(ascii: "=") {
                padding += 1
            } else if value != 64 {
                return nil
            }
        }
        switch (count, padding) {
        case (0, 0):
            return octets
        case (2, 2) where group & 0xF == 0:
            octets.append(UInt8(truncatingIfNeeded: group >> 4))
            return octets
        case (3, 1) where group & 0x3 == 0:
            octets.append(UInt8(truncatingIfNeeded: group >> 10))
            octets.append(UInt8(truncatingIfNeeded: group >> 2))
            return octets
        default:
            return nil
        }
    }

    /// Encodes on one line, padded.
    static func encode(_ octets: [UInt8]) -> [UInt8] {
        var symbols: [UInt8] = []
        symbols.reserveCapacity((octets.count + 2) / 3 * 4)
        let alphabet = Self.alphabet
        var index = 0
        while index < octets.count {
            let present = min(3, octets.count - index)
            var group = UInt32(octets[index]) << 16
            if present > 1 { group |= UInt32(octets[index + 1]) << 8 }
            if present > 2 { group |= UInt32(octets[index + 2]) }
            symbols.append(alphabet[Int(group >> 18)])
            symbols.append(alphabet[Int(group >> 12 & 63)])
            symbols.append(present > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            symbols.append(present > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return symbols
    }
}
