internal import EnrollmentCore
internal import XMLKit

/// The white space rules of text values.
///
/// Published and real messages put line ends and indentation around almost every value.
enum WireText {
    /// `text` without surrounding white space.
    static func trimmed(_ text: String) -> String {
        let utf8 = text.utf8
        guard let first = utf8.first, let last = utf8.last else { return text }
        guard Self.isWhitespace(first) || Self.isWhitespace(last) else { return text }
        let start = utf8.firstIndex { !Self.isWhitespace($0) } ?? utf8.endIndex
        let end = utf8.lastIndex { !Self.isWhitespace($0) }.map { utf8.index(after: $0) } ?? start
        return String(text[start..<end])
    }

    /// `text` without surrounding white space that holds a line break.
    ///
    /// That is the layout of the message. Blanks alone may be part of a password.
    static func withoutLayout(_ text: String) -> String {
        var rest = text.utf8[...]
        let head = rest.prefix { Self.isWhitespace($0) }
        if head.contains(where: { Self.isLineBreak($0) }) { rest = rest[head.endIndex...] }
        let end = rest.lastIndex { !Self.isWhitespace($0) }.map { rest.index(after: $0) } ?? rest.startIndex
        if rest[end...].contains(where: { Self.isLineBreak($0) }) { rest = rest[..<end] }
        return String(Substring(rest))
    }

    static func isWhitespace(_ octet: UInt8) -> Bool {
        octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09
    }

    private static func isLineBreak(_ octet: UInt8) -> Bool {
        octet == 0x0A || octet == 0x0D
    }
}

extension XMLElement {
    /// The element's text without surrounding white space; an element inside it is refused.
    var value: String {
        get throws(EnrollmentError) { WireText.trimmed(try self.textAlone) }
    }

    /// The element's text as sent; an element inside it is refused.
    ///
    /// Leaving the inner element out would make one name of `kim<x>.other</x>@corp.example` here and another one elsewhere.
    var textAlone: String {
        get throws(EnrollmentError) { String(decoding: try self.octetsAlone, as: UTF8.self) }
    }

    /// ``textAlone`` as UTF-8.
    var octetsAlone: ArraySlice<UInt8> {
        get throws(EnrollmentError) {
            guard self.holdsTextOnly else {
                throw .messageFormat(
                    "An element that holds a text holds another element as well; what the text is, is not guessed.",
                    rule: "message.text.mixed",
                    facts: [Fact("element", self.localName)]
                )
            }
            return self.octets
        }
    }

    /// ``value``, refused beyond `limit` octets of UTF-8.
    func value(atMost limit: Int) throws(EnrollmentError) -> String {
        let value = try self.value
        guard value.utf8.count <= limit else {
            throw .messageFormat(
                "The text of an element is longer than any client sends; the message was not read further.",
                rule: "message.text.length",
                facts: [Fact("element", self.localName), Fact("allowed", "\(limit) octets")]
            )
        }
        return value
    }

    /// The only child of that name; `nil` when there is none.
    func only(_ localName: String, in namespace: String) throws(EnrollmentError) -> XMLElement? {
        var found: XMLElement?
        for child in self.children where child.matches(localName, in: namespace, ignoringTrailingSlash: true) {
            guard found == nil else {
                throw .messageFormat(
                    "The message holds an element twice that it may hold once; which one counts is not guessed.",
                    rule: "message.duplicate",
                    facts: [Fact("element", localName)]
                )
            }
            found = child
        }
        return found
    }

    /// The only child of that name.
    func required(_ localName: String, in namespace: String) throws(EnrollmentError) -> XMLElement {
        guard let child = try self.only(localName, in: namespace) else {
            throw .messageFormat(
                "The message lacks an element that the protocol requires.",
                rule: "message.missing",
                facts: [Fact("element", localName)]
            )
        }
        return child
    }
}

extension EnrollmentError {
    static func messageFormat(
        _ detail: String,
        rule: String,
        facts: [Fact] = [],
        cause: (any Error)? = nil,
        file: String = #fileID,
        line: UInt = #line
    ) -> EnrollmentError {
        EnrollmentError(.messageFormat, detail, rule: rule, facts: facts, cause: cause, file: file, line: line)
    }
}
