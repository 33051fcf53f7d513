/// Base64 (RFC 4648 § 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, symbol) in Self.alphabet.enumerated() { values[Int(symbol)] = UInt8(value) }
        return values
    }()

    /// Encodes `octets` with padding, with CR LF after each `lineLength` symbols or in one line.
    static func encode(_ octets: [UInt8], lineLength: Int? = nil) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((octets.count + 2) / 3 * 4 + 64)
        var index = 0
        var column = 0
        while index < octets.count {
            let first = octets[index]
            let second = index + 1 < octets.count ? octets[index + 1] : 0
            let third = index + 2 < octets.count ? octets[index + 2] : 0
            if column == lineLength {
                text += [13, 10]
                column = 0
            }
            text.append(self.alphabet[Int(first >> 2)])
            text.append(self.alphabet[Int(first & 3) << 4 | Int(second >> 4)])
            text.append(index + 1 < octets.count ? self.alphabet[Int(second & 15) << 2 | Int(third >> 6)] : 61)
            text.append(index + 2 < octets.count ? self.alphabet[Int(third & 63)] : 61)
            index += 3
            column += 4
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes padded base64 without anything between its symbols.
    ///
    /// - Returns: `nil` when a symbol is foreign, padding is missing or surplus, or unused bits are set.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.underestimatedCount / 4 * 3)
        var group: UInt32 = 0
        var count = 0
        var padding = 0
        for symbol in text {
            if symbol == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = self.values[Int(symbol)]
            guard value != 0xFF, padding == 0 else { return nil }
            group = group << 6 | UInt32(value)
            count += 1
            if count == 4 {
                octets.append(UInt8(group >> 16 & 0xFF))
                octets.append(UInt8(group >> 8 & 0xFF))
                octets.append(UInt8(group & 0xFF))
                group = 0
                count = 0
            }
        }
        switch (count, padding) {
        case (0, 0): return octets
        case (2, 2) where group & 15 == 0: return octets + [UInt8(group >> 4)]
        case (3, 1) where group & 3 == 0: return octets + [UInt8(group >> 10), UInt8(group >> 2 & 0xFF)]
        default: return nil
        }
    }

    /// The same, with line ends and blanks anywhere, as XML's `base64Binary` allows.
    static func decodeSpaced(_ text: some Sequence<UInt8>) -> [UInt8]? {
        self.decode(text.lazy.filter { $0 != 32 && $0 != 10 && $0 != 13 && $0 != 9 })
    }
}
