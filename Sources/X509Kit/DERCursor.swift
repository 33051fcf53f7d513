/// Walks over DER element by element, for what is too large or asked too often to be parsed into nodes.
///
/// A CRL of 100 000 entries has a million nodes, and an OCSP request is looked at in less time than they take to
/// allocate. Takes one-octet tags and definite lengths in their shortest form; whoever asks names the tag, and the
/// form (constructed or not) is part of it. Never traps, whatever the octets.
struct DERCursor: Sendable {
    struct Element: Sendable {
        /// The identifier octet: class, form and number.
        let tag: UInt8
        let contents: ArraySlice<UInt8>
        /// Identifier, length and contents.
        let whole: ArraySlice<UInt8>

        var cursor: DERCursor { DERCursor(self.contents) }
    }

    private var rest: ArraySlice<UInt8>

    init(_ octets: ArraySlice<UInt8>) {
        self.rest = octets
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    /// The tag of the element that comes next; `nil` at the end.
    var nextTag: UInt8? { self.rest.first }

    /// The next element, whatever its tag; `nil` at the end.
    mutating func next() throws(X509Error) -> Element? {
        guard let tag = self.rest.first else { return nil }
        guard tag & 0x1f != 0x1f else { throw X509Error("not DER as it is expected here: a tag of several octets") }
        let start = self.rest.startIndex
        let end = self.rest.endIndex
        guard start + 1 < end else { throw X509Error("not DER: an element without a length") }
        var length = Int(self.rest[start + 1])
        var first = start + 2
        if length >= 0x80 {
            let count = length & 0x7f
            guard (1...4).contains(count), first + count <= end else {
                throw X509Error("not DER: a length that is indefinite, too large, or cut off")
            }
            length = 0
            for index in first..<first + count { length = length << 8 | Int(self.rest[index]) }
            guard length >= 0x80, count == 1 || length >> (8 * (count - 1)) != 0 else {
                throw X509Error("not DER: a length that is not in its shortest form")
            }
            first += count
        }
        guard length <= end - first else { throw X509Error("not DER: an element that ends after its octets") }
        let last = first + length
        let element = Element(tag: tag, contents: self.rest[first..<last], whole: self.rest[start..<last])
        self.rest = self.rest[last...]
        return element
    }

    /// The next element, which has to have this tag.
    mutating func required(_ tag: UInt8, _ name: String) throws(X509Error) -> Element {
        guard let element = try self.optional(tag) else { throw X509Error("\(name): missing") }
        return element
    }

    /// The next element if it has this tag.
    mutating func optional(_ tag: UInt8) throws(X509Error) -> Element? {
        guard self.rest.first == tag else { return nil }
        return try self.next()
    }

    /// Refuses anything that is left.
    func end(_ name: String) throws(X509Error) {
        guard self.rest.isEmpty else { throw X509Error("\(name): surplus elements") }
    }
}

/// The tags that this kit asks a ``DERCursor`` for.
enum DERTag {
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let null: UInt8 = 0x05
    static let objectIdentifier: UInt8 = 0x06
    static let enumerated: UInt8 = 0x0a
    static let boolean: UInt8 = 0x01
    static let utcTime: UInt8 = 0x17
    static let generalizedTime: UInt8 = 0x18
    static let sequence: UInt8 = 0x30

    /// A context-specific tag around whole elements.
    static func explicit(_ number: UInt8) -> UInt8 { 0xa0 | number }

    /// A context-specific tag in place of a primitive's own.
    static func implicit(_ number: UInt8) -> UInt8 { 0x80 | number }
}

/// Writes identifier and length of an element by hand, for octets that are put together without a serializer.
enum DERHeader {
    static func octets(_ tag: UInt8, length: Int) -> [UInt8] {
        guard length >= 0x80 else { return [tag, UInt8(length)] }
        var digits: [UInt8] = []
        var rest = length
        while rest > 0 {
            digits.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(digits.count)] + digits
    }
}
