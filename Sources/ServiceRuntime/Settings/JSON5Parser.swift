/// Reads JSON5 (json5.org) and remembers where everything stands.
///
/// Foundation's decoder reads JSON5 too, but names neither line nor column of a mistake and lets a repeated key pass;
/// an operator who edits a file by hand needs both.
struct JSON5Parser {
    private static let maximumDepth = 32

    private let file: String
    private let text: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String, file: String) {
        self.file = file
        self.text = Array(text.unicodeScalars)
    }

    /// Reads the one value the file consists of.
    mutating func parse() throws(SettingsError) -> SettingsValue {
        if self.peek == "\u{FEFF}" { self.advance() }
        try self.skipBlanks()
        let value = try self.value(depth: 0)
        try self.skipBlanks()
        guard self.peek == nil else { throw self.error("something follows after the end of the settings") }
        return value
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(SettingsError) -> SettingsValue {
        guard depth < Self.maximumDepth else { throw self.error("nested deeper than \(Self.maximumDepth) levels") }
        let line = self.line
        guard let first = self.peek else { throw self.error("the file ends where a value is expected") }
        let content: SettingsValue.Content
        switch first {
        case "{": content = try self.object(depth: depth)
        case "[": content = try self.array(depth: depth)
        case "\"", "'": content = .string(try self.quoted())
        case "+", "-", ".", "0"..."9": content = .number(try self.number())
        default: content = try self.word()
        }
        return SettingsValue(content: content, line: line)
    }

    private mutating func object(depth: Int) throws(SettingsError) -> SettingsValue.Content {
        self.advance()
        var members: [(key: String, value: SettingsValue)] = []
        while true {
            try self.skipBlanks()
            if self.peek == "}" { break }
            let start = (line: self.line, column: self.column)
            let key = try self.key()
            if let earlier = members.first(where: { $0.key == key }) {
                throw SettingsError(
                    file: self.file,
                    line: start.line,
                    column: start.column,
                    path: "",
                    message: "the key \(key) was already given in line \(earlier.value.line)"
                )
            }
            try self.skipBlanks()
            guard self.peek == ":" else { throw self.error("a colon is expected after the key \(key)") }
            self.advance()
            try self.skipBlanks()
            members.append((key, try self.value(depth: depth + 1)))
            try self.skipBlanks()
            guard self.peek == "," else { break }
            self.advance()
        }
        guard self.peek == "}" else { throw self.error("a comma or } is expected") }
        self.advance()
        return .object(members)
    }

    private mutating func array(depth: Int) throws(SettingsError) -> SettingsValue.Content {
        self.advance()
        var elements: [SettingsValue] = []
        while true {
            try self.skipBlanks()
            if self.peek == "]" { break }
            elements.append(try self.value(depth: depth + 1))
            try self.skipBlanks()
            guard self.peek == "," else { break }
            self.advance()
        }
        guard self.peek == "]" else { throw self.error("a comma or ] is expected") }
        self.advance()
        return .array(elements)
    }

    private mutating func key() throws(SettingsError) -> String {
        if self.peek == "\"" || self.peek == "'" { return try self.quoted() }
        let name = self.take { $0.properties.isAlphabetic || $0 == "_" || $0 == "$" || ("0"..."9").contains($0) }
        guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else {
            throw self.error("a key is expected")
        }
        return name
    }

    private mutating func word() throws(SettingsError) -> SettingsValue.Content {
        let start = self.position
        let word = self.take { $0.properties.isAlphabetic }
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default:
            self.position = start
            throw self.error("a value is expected; text needs quotes")
        }
    }

    private mutating func number() throws(SettingsError) -> Double {
        let text = self.take {
            ("0"..."9").contains($0) || ("a"..."f").contains($0) || ("A"..."F").contains($0)
                || ["+", "-", ".", "x", "X"].contains($0)
        }
        let isNegative = text.hasPrefix("-")
        let bare = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let magnitude: Double?
        if bare.hasPrefix("0x") || bare.hasPrefix("0X") {
            // The initializer takes a sign, which has no place behind the 0x.
            let digits = bare.dropFirst(2)
            magnitude = digits.first?.isHexDigit ?? false ? UInt64(digits, radix: 16).map { Double($0) } : nil
        } else {
            magnitude = bare.first?.isNumber ?? false || bare.first == "." ? Double(bare) : nil
        }
        guard let magnitude, magnitude.isFinite else { throw self.error("\(text) is not a number") }
        return isNegative ? -magnitude : magnitude
    }

    // MARK: Strings

    private mutating func quoted() throws(SettingsError) -> String {
        let quote = self.peek
        self.advance()
        var text = String.UnicodeScalarView()
        while let scalar = self.peek, scalar != quote {
            guard scalar != "\n", scalar != "\r" else { throw self.error("the line ends inside a string") }
            self.advance()
            if scalar == "\\" {
                if let escaped = try self.escape() { text.append(escaped) }
            } else {
                text.append(scalar)
            }
        }
        guard self.peek == quote else { throw self.error("the file ends inside a string") }
        self.advance()
        return String(text)
    }

    /// What an escape stands for; `nil` for a line continuation.
    private mutating func escape() throws(SettingsError) -> Unicode.Scalar? {
        guard let scalar = self.peek else { throw self.error("the file ends inside a string") }
        self.advance()
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "v": return "\u{b}"
        case "0": return "\0"
        case "\r":
            if self.peek == "\n" { self.advance() }
            return nil
        case "\n", "\u{2028}", "\u{2029}": return nil
        case "x": return try self.hexadecimal(digits: 2)
        case "u":
            return try self.hexadecimal(digits: 4)
        default: return scalar
        }
    }

    private mutating func hexadecimal(digits: Int) throws(SettingsError) -> Unicode.Scalar {
        var text = ""
        for _ in 0..<digits {
            guard let scalar = self.peek, scalar.properties.isASCIIHexDigit else {
                throw self.error("\(digits) hexadecimal digits are expected")
            }
            text.unicodeScalars.append(scalar)
            self.advance()
        }
        guard let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value) else {
            throw self.error("\\u\(text) is no character by itself; write the character as it is")
        }
        return scalar
    }

    // MARK: Characters

    private var peek: Unicode.Scalar? {
        self.position < self.text.count ? self.text[self.position] : nil
    }

    private var column: Int { self.position - self.lineStart + 1 }

    private mutating func advance() {
        if self.peek == "\n" {
            self.line += 1
            self.lineStart = self.position + 1
        }
        self.position += 1
    }

    private mutating func take(while accepts: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = self.peek, accepts(scalar) {
            text.append(scalar)
            self.advance()
        }
        return String(text)
    }

    private mutating func skipBlanks() throws(SettingsError) {
        while let scalar = self.peek {
            if scalar.properties.isWhitespace {
                self.advance()
            } else if scalar == "/" {
                try self.skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(SettingsError) {
        let next = self.position + 1 < self.text.count ? self.text[self.position + 1] : nil
        switch next {
        case "/":
            while let scalar = self.peek, scalar != "\n" {
                _ = scalar
                self.advance()
            }
        case "*":
            let begun = self.error("a comment that begins here never ends")
            self.advance()
            self.advance()
            while self.peek != "*" || self.position + 1 >= self.text.count || self.text[self.position + 1] != "/" {
                guard self.peek != nil else { throw begun }
                self.advance()
            }
            self.advance()
            self.advance()
        default:
            throw self.error("a value, // or /* is expected")
        }
    }

    private func error(_ message: String) -> SettingsError {
        SettingsError(file: self.file, line: self.line, column: self.column, path: "", message: message)
    }
}
