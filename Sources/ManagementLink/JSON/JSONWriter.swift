internal import EnrollmentCore

/// Writes one JSON document (RFC 8259) into octets, on one line and in the order of the calls.
///
/// For bodies that are made a thousand times a second: names are static, and no value is made a string before it is
/// written.
struct JSONWriter {
    private(set) var octets: [UInt8] = []
    /// Whether the next member or element is not the first of its object or array.
    private var follows = false

    private static let digits = Array("0123456789abcdef".utf8)

    /// - Parameter capacity: Octets to set aside.
    init(capacity: Int = 4_096) {
        self.octets.reserveCapacity(capacity)
    }

    // MARK: Compounds

    /// Writes an object: the document, or an element of an array.
    mutating func object<Failure: Error>(_ members: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        self.separate()
        try self.enclose("{", "}", members)
    }

    mutating func object<Failure: Error>(
        _ name: StaticString,
        _ members: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(name)
        try self.enclose("{", "}", members)
    }

    mutating func array<Failure: Error>(
        _ name: StaticString,
        _ elements: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(name)
        try self.enclose("[", "]", elements)
    }

    private mutating func enclose<Failure: Error>(
        _ opening: Unicode.Scalar,
        _ closing: Unicode.Scalar,
        _ content: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.octets.append(UInt8(ascii: opening))
        self.follows = false
        try content(&self)
        self.octets.append(UInt8(ascii: closing))
        self.follows = true
    }

    // MARK: Members

    mutating func member(_ name: StaticString, _ text: String?) {
        self.name(name)
        if let text { self.quote(text) } else { self.null() }
    }

    /// A member whose name is not ours.
    mutating func member(named name: String, _ text: String) {
        self.separate()
        self.quote(name)
        self.octets.append(UInt8(ascii: ":"))
        self.quote(text)
    }

    mutating func member(_ name: StaticString, _ number: some BinaryInteger) {
        self.name(name)
        self.octets.append(contentsOf: String(number).utf8)
    }

    mutating func member(_ name: StaticString, _ flag: Bool) {
        self.name(name)
        self.octets.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    mutating func member(_ name: StaticString, _ id: DeviceID) {
        self.name(name)
        self.octets.append(UInt8(ascii: "\""))
        for (index, octet) in id.octets.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { self.octets.append(UInt8(ascii: "-")) }
            self.hexadecimal(octet)
        }
        self.octets.append(UInt8(ascii: "\""))
    }

    /// Lower-case hexadecimal digits.
    mutating func member(_ name: StaticString, hexadecimal octets: [UInt8]?) {
        self.name(name)
        guard let octets else { return self.null() }
        self.octets.append(UInt8(ascii: "\""))
        for octet in octets { self.hexadecimal(octet) }
        self.octets.append(UInt8(ascii: "\""))
    }

    /// RFC 3339 in UTC, with whole seconds or with microseconds.
    mutating func member(_ name: StaticString, _ moment: Timestamp?, withMicroseconds: Bool = false) {
        self.name(name)
        guard let moment else { return self.null() }
        let clock = CivilTime(moment)
        self.octets.append(UInt8(ascii: "\""))
        self.decimal(clock.year, width: 4)
        self.decimal(clock.month, width: 2, after: "-")
        self.decimal(clock.day, width: 2, after: "-")
        self.decimal(clock.hour, width: 2, after: "T")
        self.decimal(clock.minute, width: 2, after: ":")
        self.decimal(clock.second, width: 2, after: ":")
        if withMicroseconds {
            self.decimal(Int(moment.microseconds - moment.seconds * 1_000_000), width: 6, after: ".")
        }
        self.octets.append(UInt8(ascii: "Z"))
        self.octets.append(UInt8(ascii: "\""))
    }

    mutating func null(_ name: StaticString) {
        self.name(name)
        self.null()
    }

    // MARK: Elements

    mutating func element(_ text: String) {
        self.separate()
        self.quote(text)
    }

    // MARK: Pieces

    private mutating func separate() {
        if self.follows { self.octets.append(UInt8(ascii: ",")) }
        self.follows = true
    }

    private mutating func name(_ name: StaticString) {
        self.separate()
        self.octets.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { self.octets.append(contentsOf: $0) }
        self.octets.append(UInt8(ascii: "\""))
        self.octets.append(UInt8(ascii: ":"))
    }

    private mutating func null() {
        self.octets.append(contentsOf: "null".utf8)
    }

    private mutating func hexadecimal(_ octet: UInt8) {
        self.octets.append(Self.digits[Int(octet >> 4)])
        self.octets.append(Self.digits[Int(octet & 15)])
    }

    private mutating func decimal(_ value: Int, width: Int, after separator: Unicode.Scalar? = nil) {
        if let separator { self.octets.append(UInt8(ascii: separator)) }
        var power = 1
        for _ in 1..<width { power *= 10 }
        while power > 0 {
            self.octets.append(UInt8(ascii: "0") + UInt8(value / power % 10))
            power /= 10
        }
    }

    private mutating func quote(_ text: String) {
        self.octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                self.octets.append(UInt8(ascii: "\\"))
                self.octets.append(octet)
            case 0..<0x20, 0x7f:
                self.octets.append(contentsOf: "\\u00".utf8)
                self.hexadecimal(octet)
            default:
                self.octets.append(octet)
            }
        }
        self.octets.append(UInt8(ascii: "\""))
    }
}
