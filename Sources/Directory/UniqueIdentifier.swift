/// Stable ids of entries as canonical UUID text (RFC 9562 § 4), lowercase.
enum UniqueIdentifier {
    /// Reads `entryUUID` (36 characters of text) or `objectGUID` (16 octets, the first three groups little-endian as
    /// [MS-DTYP] § 2.3.4.2 stores them).
    ///
    /// - Returns: `nil` for anything else.
    static func text(_ value: [UInt8]) -> String? {
        switch value.count {
        case 16: self.text(guid: value)
        case 36: self.text(written: value)
        default: nil
        }
    }

    private static func text(guid: [UInt8]) -> String {
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (position, index) in order.enumerated() {
            if [4, 6, 8, 10].contains(position) { text.append(UInt8(ascii: "-")) }
            text.append(self.digit(guid[index] >> 4))
            text.append(self.digit(guid[index] & 0xF))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func text(written: [UInt8]) -> String? {
        for (position, octet) in written.enumerated() {
            let isHyphen = [8, 13, 18, 23].contains(position)
            guard isHyphen == (octet == UInt8(ascii: "-")) else { return nil }
            guard isHyphen || Character(Unicode.Scalar(octet)).isHexDigit else { return nil }
        }
        return String(decoding: written, as: UTF8.self).lowercased()
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
