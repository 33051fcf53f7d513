/// A JSON document (RFC 8259) that somebody else wrote, read without leniency and within limits.
///
/// A name given twice, an octet too many, a number out of range and anything that is not UTF-8 are refused: two readers of
/// one text are to find the same in it.
package indirect enum JSONText: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONText])
    /// In the order in which they were written; no name twice.
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONText
    }

    /// Why a text is not taken.
    package struct ReadingError: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
        /// Octets before the place.
        package let offset: Int
    }

    /// - Parameters:
    ///   - octets: UTF-8, one value and nothing else but white space.
    ///   - depth: How deep arrays and objects may be nested.
    /// - Throws: ``ReadingError``.
    package init(_ octets: some Collection<UInt8>, depth: Int = 16) throws(ReadingError) {
        var reader = JSONReader(Array(octets))
        self = try reader.document(depth: depth)
    }

    /// The value of a member; `nil` when there is none, or this is no object.
    package subscript(name: String) -> JSONText? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

/// Reads a document octet by octet.
private struct JSONReader {
    private let octets: [UInt8]
    private var position = 0

    init(_ octets: [UInt8]) {
        self.octets = octets
    }

    mutating func document(depth: Int) throws(JSONText.ReadingError) -> JSONText {
        let value = try self.value(depth: depth)
        self.skipBlanks()
        guard self.position == self.octets.count else { throw self.error("something follows the end") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONText.ReadingError) -> JSONText {
        self.skipBlanks()
        switch self.next {
        case UInt8(ascii: "{"):
            guard depth > 0 else { throw self.error("nested too deep") }
            return try self.object(depth: depth - 1)
        case UInt8(ascii: "["):
            guard depth > 0 else { throw self.error("nested too deep") }
            return try self.array(depth: depth - 1)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .boolean(true))
        case UInt8(ascii: "f"): return try self.word("false", .boolean(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return .number(try self.number())
        }
    }

    private mutating func object(depth: Int) throws(JSONText.ReadingError) -> JSONText {
        self.position += 1
        var members: [JSONText.Member] = []
        var names: Set<String> = []
        self.skipBlanks()
        if self.take("}") { return .object([]) }
        repeat {
            self.skipBlanks()
            guard self.next == UInt8(ascii: "\"") else { throw self.error("a name in quotes is expected") }
            let name = try self.string()
            guard names.insert(name).inserted else { throw self.error("a name is given twice") }
            self.skipBlanks()
            guard self.take(":") else { throw self.error("a colon is expected") }
            members.append(JSONText.Member(name: name, value: try self.value(depth: depth)))
            self.skipBlanks()
        } while self.take(",")
        guard self.take("}") else { throw self.error("a comma or } is expected") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONText.ReadingError) -> JSONText {
        self.position += 1
        var elements: [JSONText] = []
        self.skipBlanks()
        if self.take("]") { return .array([]) }
        repeat {
            elements.append(try self.value(depth: depth))
            self.skipBlanks()
        } while self.take(",")
        guard self.take("]") else { throw self.error("a comma or ] is expected") }
        return .array(elements)
    }

    private mutating func word(_ word: StaticString, _ value: JSONText) throws(JSONText.ReadingError) -> JSONText {
        let length = word.utf8CodeUnitCount
        let isThere = word.withUTF8Buffer { self.octets[self.position...].starts(with: $0) }
        guard isThere else { throw self.error("a value is expected") }
        self.position += length
        return value
    }

    /// RFC 8259 § 6: no sign but minus, no leading zero, digits on both sides of the point.
    private mutating func number() throws(JSONText.ReadingError) -> Double {
        let start = self.position
        if self.next == UInt8(ascii: "-") { self.position += 1 }
        let isZero = self.next == UInt8(ascii: "0")
        let integer = self.skipDigits()
        guard integer > 0 else { throw self.error("a value is expected") }
        guard !isZero || integer == 1 else { throw self.error("a number begins with a zero") }
        if self.take(".") {
            guard self.skipDigits() > 0 else { throw self.error("a digit is expected") }
        }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            guard self.skipDigits() > 0 else { throw self.error("a digit is expected") }
        }
        let text = String(decoding: self.octets[start..<self.position], as: UTF8.self)
        guard let number = Double(text), number.isFinite else { throw self.error("a number is out of range") }
        return number
    }

    private mutating func skipDigits() -> Int {
        let start = self.position
        while let octet = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) { self.position += 1 }
        return self.position - start
    }

    private mutating func string() throws(JSONText.ReadingError) -> String {
        self.position += 1
        var text: [UInt8] = []
        while let octet = self.next, octet != UInt8(ascii: "\"") {
            guard octet >= 0x20 else { throw self.error("a control character stands in a string") }
            self.position += 1
            if octet == UInt8(ascii: "\\") {
                text.append(contentsOf: Array(String(Character(try self.escape())).utf8))
            } else {
                text.append(octet)
            }
        }
        guard self.take("\"") else { throw self.error("a string does not end") }
        guard let string = String(validating: text, as: UTF8.self) else { throw self.error("a string is not UTF-8") }
        return string
    }

    private mutating func escape() throws(JSONText.ReadingError) -> Unicode.Scalar {
        let symbol = self.next
        self.position += 1
        switch symbol {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.unicode()
        default: throw self.error("an unknown escape")
        }
    }

    /// One `\uXXXX`, or the two that make a scalar beyond the first plane.
    private mutating func unicode() throws(JSONText.ReadingError) -> Unicode.Scalar {
        let first = try self.fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, self.take("\\"), self.take("u") else { throw self.error("half a character") }
        let second = try self.fourDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw self.error("half a character") }
        return scalar
    }

    private mutating func fourDigits() throws(JSONText.ReadingError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let octet = self.next, let digit = Character(Unicode.Scalar(octet)).hexDigitValue, octet < 0x80 else {
                throw self.error("four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }

    private var next: UInt8? {
        self.position < self.octets.count ? self.octets[self.position] : nil
    }

    private mutating func take(_ symbol: Unicode.Scalar) -> Bool {
        guard self.next == UInt8(ascii: symbol) else { return false }
        self.position += 1
        return true
    }

    private mutating func skipBlanks() {
        while let octet = self.next, octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09 {
            self.position += 1
        }
    }

    private func error(_ description: String) -> JSONText.ReadingError {
        JSONText.ReadingError(description: description, offset: min(self.position, self.octets.count))
    }
}
