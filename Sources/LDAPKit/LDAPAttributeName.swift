/// A checked attribute description (RFC 4512 § 2.5): safe to place in a filter or a name as it is.
public struct LDAPAttributeName: Hashable, Sendable {
    public let text: String

    /// Checks `text`: letters, digits, `-`, `.` and `;`, starting with a letter or digit.
    ///
    /// - Throws: ``LDAPError`` with ``LDAPResultCode/invalidArgument``.
    public init(_ text: String) throws(LDAPError) {
        let isValid = (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(Self.isAllowed)
        guard isValid, let first = text.utf8.first, Self.isAlphanumeric(first) else {
            throw LDAPError("attribute name", .invalidArgument, diagnostic: "\"\(text)\" is not an attribute name")
        }
        self.text = text
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        Self.isAlphanumeric(octet) || octet == UInt8(ascii: "-") || octet == UInt8(ascii: ".")
            || octet == UInt8(ascii: ";")
    }
}

extension LDAPAttributeName: ExpressibleByStringLiteral {
    /// For names written in source; a wrong one is a programmer's mistake.
    public init(stringLiteral text: StaticString) {
        precondition(text.withUTF8Buffer { !$0.isEmpty && $0.allSatisfy(Self.isAllowed) }, "not an attribute name")
        self.text = text.description
    }
}

extension LDAPAttributeName: CustomStringConvertible {
    public var description: String { self.text }
}
