/// Walks over a document once before the parser does and refuses what would be dear or dangerous to parse.
///
/// libxml2 2.9 compares every attribute of an element with every other one and goes on reading after many errors, so
/// bounds that are checked in its callbacks come too late. This scan accepts only tags whose extent is beyond doubt:
/// whatever it lets through, the parser cuts into the same tags.
struct DocumentScanner {
    private let octets: [UInt8]
    private let limits: XMLLimits
    private var position = 0
    private var depth = 0
    private var nodes = 0
    private var namespaces = 0

    init(_ octets: [UInt8], limits: XMLLimits) {
        self.octets = octets
        self.limits = limits
    }

    /// Checks the whole document.
    ///
    /// - Returns: What the parser is to read: all but a byte order mark and leading white space. Published Windows
    ///   messages indent the XML declaration, which XML itself does not allow.
    /// - Throws: ``XMLParseError``.
    mutating func scan() throws(XMLParseError) -> Range<Int> {
        try self.checkOctets()
        if self.follows("\u{FEFF}") { self.position += 3 }
        self.skipWhitespace()
        guard self.position < self.octets.count else { throw XMLParseError(.empty) }
        let start = self.position
        try self.scanDeclaration()
        while self.skip(to: UInt8(ascii: "<")) {
            try self.scanMarkup()
        }
        return start..<self.octets.count
    }

    private func checkOctets() throws(XMLParseError) {
        guard self.octets.count <= self.limits.octets else { throw XMLParseError(.tooLarge) }
        guard !self.octets.contains(0) else { throw XMLParseError(.containsNUL) }
        do {
            _ = try UTF8Span(validating: self.octets.span)
        } catch {
            throw XMLParseError(.notUTF8)
        }
    }

    /// Reads `<?xml … ?>`, where the parser would obey an `encoding` of the sender's choice.
    private mutating func scanDeclaration() throws(XMLParseError) {
        guard self.follows("<?xml"), self.position + 5 < self.octets.count,
            Self.isWhitespace(self.octets[self.position + 5])
        else { return }
        let start = self.position + 5
        guard self.skip(past: "?>") else { throw self.error(.malformed(code: 0)) }
        var name: [UInt8] = []
        var index = start
        while index < self.position - 2 {
            let octet = self.octets[index]
            if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'") {
                let value = self.octets[(index + 1)...].prefix { $0 != octet }
                if name.elementsEqual("encoding".utf8), !Self.isUTF8Name(value) {
                    throw self.error(.declaredEncoding)
                }
                name.removeAll(keepingCapacity: true)
                index = value.endIndex
            } else if !Self.isWhitespace(octet), octet != UInt8(ascii: "=") {
                name.append(octet)
            }
            index += 1
        }
    }

    private mutating func scanMarkup() throws(XMLParseError) {
        guard self.position + 1 < self.octets.count else { throw self.error(.malformed(code: 0)) }
        switch self.octets[self.position + 1] {
        case UInt8(ascii: "!"):
            if self.follows("<!--") {
                self.position += 4
                guard self.skip(past: "-->") else { throw self.error(.malformed(code: 0)) }
            } else if self.follows("<![CDATA[") {
                guard self.skip(past: "]]>") else { throw self.error(.malformed(code: 0)) }
            } else {
                throw self.error(self.follows("<!DOCTYPE") ? .documentType : .malformed(code: 0))
            }
        case UInt8(ascii: "?"):
            throw self.error(.processingInstruction)
        case UInt8(ascii: "/"):
            guard self.skip(to: UInt8(ascii: ">")) else { throw self.error(.malformed(code: 0)) }
            self.depth -= 1
            guard self.depth >= 0 else { throw self.error(.malformed(code: 0)) }
        default:
            try self.scanStartTag()
        }
    }

    private mutating func scanStartTag() throws(XMLParseError) {
        self.position += 1
        try self.skipName()
        try self.countNode()
        guard self.depth < self.limits.depth else { throw self.error(.tooDeep) }
        var attributes = 0
        while true {
            let separated = self.skipWhitespace()
            switch try self.current() {
            case UInt8(ascii: ">"):
                self.depth += 1
                self.position += 1
                return
            case UInt8(ascii: "/"):
                self.position += 1
                guard try self.current() == UInt8(ascii: ">") else { throw self.error(.malformed(code: 0)) }
                self.position += 1
                return
            default:
                guard separated else { throw self.error(.malformed(code: 0)) }
                attributes += 1
                guard attributes <= self.limits.attributesPerElement else { throw self.error(.tooManyAttributes) }
                try self.scanAttribute()
            }
        }
    }

    private mutating func scanAttribute() throws(XMLParseError) {
        try self.countNode()
        if self.follows("xmlns") {
            self.namespaces += 1
            guard self.namespaces <= self.limits.namespaces else { throw self.error(.tooManyNamespaces) }
        }
        try self.skipName()
        self.skipWhitespace()
        guard try self.current() == UInt8(ascii: "=") else { throw self.error(.malformed(code: 0)) }
        self.position += 1
        self.skipWhitespace()
        let quote = try self.current()
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw self.error(.malformed(code: 0)) }
        self.position += 1
        while true {
            let octet = try self.current()
            guard octet != UInt8(ascii: "<") else { throw self.error(.malformed(code: 0)) }
            self.position += 1
            if octet == quote { return }
        }
    }

    private mutating func countNode() throws(XMLParseError) {
        self.nodes += 1
        guard self.nodes <= self.limits.nodes else { throw self.error(.tooManyNodes) }
    }

    private mutating func skipName() throws(XMLParseError) {
        let start = self.position
        loop: while true {
            switch try self.current() {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "="):
                break loop
            case UInt8(ascii: "<"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "&"):
                throw self.error(.malformed(code: 0))
            default:
                self.position += 1
            }
        }
        guard self.position > start else { throw self.error(.malformed(code: 0)) }
    }

    @discardableResult
    private mutating func skipWhitespace() -> Bool {
        let start = self.position
        while self.position < self.octets.count, Self.isWhitespace(self.octets[self.position]) { self.position += 1 }
        return self.position > start
    }

    private mutating func skip(to octet: UInt8) -> Bool {
        while self.position < self.octets.count {
            if self.octets[self.position] == octet { return true }
            self.position += 1
        }
        return false
    }

    private mutating func skip(past terminator: StaticString) -> Bool {
        while self.position < self.octets.count {
            if self.follows(terminator) {
                self.position += terminator.utf8CodeUnitCount
                return true
            }
            self.position += 1
        }
        return false
    }

    private func current() throws(XMLParseError) -> UInt8 {
        guard self.position < self.octets.count else { throw self.error(.malformed(code: 0)) }
        return self.octets[self.position]
    }

    private func follows(_ text: StaticString) -> Bool {
        guard self.octets.count - self.position >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            for (offset, octet) in expected.enumerated() where self.octets[self.position + offset] != octet {
                return false
            }
            return true
        }
    }

    private func error(_ reason: XMLParseError.Reason) -> XMLParseError {
        let before = self.octets[..<min(self.position, self.octets.count)]
        return XMLParseError(reason, line: 1 + before.count { $0 == UInt8(ascii: "\n") })
    }

    private static func isWhitespace(_ octet: UInt8) -> Bool {
        octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09
    }

    private static func isUTF8Name(_ name: ArraySlice<UInt8>) -> Bool {
        name.lazy.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
            .elementsEqual("utf-8".utf8)
    }
}
