/// Octets as hexadecimal digits and back.
public enum Hexadecimal {
    static let digits: [UInt8] = Array("0123456789abcdef".utf8)

    /// Two lower-case digits for each octet.
    public static func encode(_ octets: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(octets.underestimatedCount * 2)
        for octet in octets {
            text.append(self.digits[Int(octet >> 4)])
            text.append(self.digits[Int(octet & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads digits of either case; `nil` for an odd count or anything else.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        var high: UInt8?
        for symbol in text.utf8 {
            guard let value = self.value(of: symbol) else { return nil }
            if let first = high {
                octets.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? octets : nil
    }

    private static func value(of symbol: UInt8) -> UInt8? {
        switch symbol {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): symbol - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): symbol - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): symbol - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
