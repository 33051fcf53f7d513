/// Base64 (RFC 4648): § 4 with padding, and § 5, for addresses and JSON Web tokens, without.
public enum Base64 {
    private static let symbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let symbolsForURL = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// As § 4 has it, on one line.
    public static func encode(_ octets: [UInt8]) -> String {
        let text = self.symbols(octets, self.symbols)
        return String(
            decoding: text + Array(repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4),
            as: UTF8.self
        )
    }

    /// As § 5 has it, without padding (RFC 7515 § 2).
    public static func encodeForURL(_ octets: [UInt8]) -> String {
        String(decoding: self.symbols(octets, self.symbolsForURL), as: UTF8.self)
    }

    /// Reads § 4; padding may be left out, and nothing else may differ from what ``encode(_:)`` writes.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var symbols = Array(text.utf8)
        if symbols.last == UInt8(ascii: "=") {
            guard symbols.count.isMultiple(of: 4) else { return nil }
            symbols.removeLast()
            if symbols.last == UInt8(ascii: "=") { symbols.removeLast() }
        }
        return self.octets(symbols, last: (UInt8(ascii: "+"), UInt8(ascii: "/")))
    }

    /// Reads § 5 without padding.
    public static func decodeForURL(_ text: some StringProtocol) -> [UInt8]? {
        self.octets(Array(text.utf8), last: (UInt8(ascii: "-"), UInt8(ascii: "_")))
    }

    private static func symbols(_ octets: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((octets.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for octet in octets {
            bits = bits << 8 | UInt32(octet)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << (6 - count) & 63)]) }
        return text
    }

    private static func octets(_ symbols: [UInt8], last: (UInt8, UInt8)) -> [UInt8]? {
        guard symbols.count % 4 != 1 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(symbols.count * 3 / 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for symbol in symbols {
            let value: UInt8
            switch symbol {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = symbol - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = symbol - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = symbol - UInt8(ascii: "0") + 52
            case last.0: value = 62
            case last.1: value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                octets.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        // What is left over has to be zero, or one value would have several texts.
        guard bits & (1 << count - 1) == 0 else { return nil }
        return octets
    }
}
