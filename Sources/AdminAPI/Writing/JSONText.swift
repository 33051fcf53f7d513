package import EnrollmentCore

/// Writes a JSON document (RFC 8259) straight into octets.
///
/// Members come out in the order in which they are put in; the writer sets the commas.
package struct JSONText {
    package private(set) var octets: [UInt8] = []
    /// Whether something stands before the next value at this depth.
    private var needsComma = false

    package init(capacity: Int = 512) {
        self.octets.reserveCapacity(capacity)
    }

    // MARK: Compounds

    package mutating func object(_ body: (inout JSONText) throws(Problem) -> Void) throws(Problem) {
        self.open("{")
        try body(&self)
        self.close("}")
    }

    package mutating func object(_ body: (inout JSONText) -> Void) {
        self.open("{")
        body(&self)
        self.close("}")
    }

    package mutating func array<Element>(_ elements: some Sequence<Element>, _ body: (inout JSONText, Element) -> Void)
    {
        self.open("[")
        for element in elements { body(&self, element) }
        self.close("]")
    }

    package mutating func member(_ name: String, _ body: (inout JSONText) -> Void) {
        self.name(name)
        self.object(body)
    }

    package mutating func member<Element>(
        _ name: String,
        array elements: some Sequence<Element>,
        _ body: (inout JSONText, Element) -> Void
    ) {
        self.name(name)
        self.array(elements, body)
    }

    /// Documents that are written already.
    package mutating func member(_ name: String, documents: [[UInt8]]) {
        self.name(name)
        self.array(documents) { json, document in
            json.separate()
            json.octets += document
            json.needsComma = true
        }
    }

    // MARK: Scalars

    package mutating func member(_ name: String, _ text: String) {
        self.name(name)
        self.value(text)
    }

    /// `null` where there is no text.
    package mutating func member(_ name: String, optional text: String?) {
        self.name(name)
        if let text { self.value(text) } else { self.word("null") }
    }

    package mutating func member(_ name: String, _ number: Int) {
        self.name(name)
        self.word("\(number)")
    }

    package mutating func member(_ name: String, _ flag: Bool) {
        self.name(name)
        self.word(flag ? "true" : "false")
    }

    package mutating func member(_ name: String, optional moment: Timestamp?) {
        self.member(name, optional: moment.map { "\($0)" })
    }

    package mutating func member(_ name: String, _ moment: Timestamp) {
        self.member(name, "\(moment)")
    }

    package mutating func value(_ text: String) {
        self.separate()
        Self.write(text, to: &self.octets)
        self.needsComma = true
    }

    // MARK: Octets

    private mutating func open(_ bracket: Unicode.Scalar) {
        self.separate()
        self.octets.append(UInt8(ascii: bracket))
        self.needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        self.octets.append(UInt8(ascii: bracket))
        self.needsComma = true
    }

    private mutating func name(_ name: String) {
        self.separate()
        Self.write(name, to: &self.octets)
        self.octets.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    private mutating func word(_ word: String) {
        self.separate()
        self.octets += word.utf8
        self.needsComma = true
    }

    private mutating func separate() {
        if self.needsComma { self.octets.append(UInt8(ascii: ",")) }
    }

    /// RFC 8259 § 7: only quotation marks, backslashes and control characters need another form.
    static func write(_ text: String, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                octets.append(UInt8(ascii: "\\"))
                octets.append(octet)
            case 0..<0x20, 0x7f:
                octets += "\\u00".utf8
                octets.append(Self.digits[Int(octet >> 4)])
                octets.append(Self.digits[Int(octet & 15)])
            default: octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
