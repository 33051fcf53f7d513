/// The stable id of an entry: a UUID (RFC 9562 § 4).
struct UniqueIdentifier: Hashable, Sendable {
    /// Canonical text, lowercase; how `entryUUID` stores it, and everybody else here knows it.
    let text: String
    /// How `objectGUID` stores it: 16 octets, the first three groups little-endian ([MS-DTYP] § 2.3.4.2).
    let octets: [UInt8]

    /// Where each octet of the text's order stands in Microsoft's.
    private static let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

    /// Reads the value of an attribute, in either form.
    ///
    /// - Returns: `nil` for anything else.
    init?(value: [UInt8]) {
        switch value.count {
        case 16: self.init(stored: value)
        case 36: self.init(written: value)
        default: return nil
        }
    }

    /// Reads canonical text, in either case.
    init?(_ text: String) {
        self.init(written: Array(text.utf8))
    }

    private init(stored: [UInt8]) {
        self.octets = stored
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (position, index) in Self.order.enumerated() {
            if [4, 6, 8, 10].contains(position) { text.append(UInt8(ascii: "-")) }
            text.append(Self.digit(stored[index] >> 4))
            text.append(Self.digit(stored[index] & 0xF))
        }
        self.text = String(decoding: text, as: UTF8.self)
    }

    private init?(written: [UInt8]) {
        guard written.count == 36 else { return nil }
        var octets = [UInt8](repeating: 0, count: 16)
        var digits = 0
        for (position, octet) in written.enumerated() {
            let isHyphen = [8, 13, 18, 23].contains(position)
            guard isHyphen == (octet == UInt8(ascii: "-")) else { return nil }
            guard !isHyphen else { continue }
            guard let value = Character(Unicode.Scalar(octet)).hexDigitValue else { return nil }
            octets[Self.order[digits / 2]] |= UInt8(value) << (digits.isMultiple(of: 2) ? 4 : 0)
            digits += 1
        }
        self.init(stored: octets)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
