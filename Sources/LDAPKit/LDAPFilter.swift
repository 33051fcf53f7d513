/// A search filter in its string form (RFC 4515), built so that no value can change its shape.
public struct LDAPFilter: Hashable, Sendable {
    /// The filter as it is handed to the library, parentheses included.
    public let text: String

    private init(text: String) {
        self.text = text
    }

    /// Entries whose `attribute` equals `value`; every octet of `value` stands for itself.
    public static func equal(_ attribute: LDAPAttributeName, _ value: String) -> Self {
        Self(text: "(\(attribute.text)=\(Self.escaped(value.utf8)))")
    }

    /// Entries whose `attribute` equals these octets, for binary syntaxes such as `objectGUID`.
    public static func equal(_ attribute: LDAPAttributeName, octets: [UInt8]) -> Self {
        Self(text: "(\(attribute.text)=\(Self.escaped(octets)))")
    }

    /// Entries that have `attribute` at all.
    public static func present(_ attribute: LDAPAttributeName) -> Self {
        Self(text: "(\(attribute.text)=*)")
    }

    /// An extensible match (RFC 4511 § 4.5.1.7.7), for example Active Directory's in-chain rule.
    ///
    /// `rule` is the matching rule's object identifier or name.
    public static func matching(_ attribute: LDAPAttributeName, rule: LDAPAttributeName, _ value: String) -> Self {
        Self(text: "(\(attribute.text):\(rule.text):=\(Self.escaped(value.utf8)))")
    }

    /// Entries that satisfy all of `filters`; of none, every entry (RFC 4526).
    public static func all(_ filters: [Self]) -> Self {
        if filters.count == 1 { filters[0] } else { Self(text: "(&\(filters.map(\.text).joined()))") }
    }

    /// Entries that satisfy one of `filters`; of none, no entry (RFC 4526).
    public static func any(_ filters: [Self]) -> Self {
        if filters.count == 1 { filters[0] } else { Self(text: "(|\(filters.map(\.text).joined()))") }
    }

    /// Entries that do not satisfy `filter`.
    public static func not(_ filter: Self) -> Self {
        Self(text: "(!\(filter.text))")
    }

    /// Takes a filter that an administrator wrote, after checking that its parentheses close where it ends.
    ///
    /// - Throws: ``LDAPError`` with ``LDAPResultCode/filterError``. Attribute names and rules inside are judged by the
    ///   server when the filter is used.
    public init(written text: String) throws(LDAPError) {
        var depth = 0
        var closedEarly = false
        for (offset, octet) in text.utf8.enumerated() {
            switch octet {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                closedEarly = closedEarly || depth < 0 || (depth == 0 && offset != text.utf8.count - 1)
            case 0: closedEarly = true
            default: break
            }
        }
        guard text.utf8.first == UInt8(ascii: "("), depth == 0, !closedEarly else {
            throw LDAPError("filter", .filterError, diagnostic: "\"\(text)\" is not one filter in parentheses")
        }
        self.text = text
    }

    /// Escapes what RFC 4515 § 3 reserves, control characters, and octets that are not UTF-8 text.
    private static func escaped(_ value: some Collection<UInt8>) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(value.count + 8)
        for octet in value {
            switch octet {
            case 0..<0x20, 0x7F...0xFF, UInt8(ascii: "*"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"):
                octets.append(UInt8(ascii: "\\"))
                octets.append(Hexadecimal.digit(octet >> 4))
                octets.append(Hexadecimal.digit(octet & 0xF))
            default:
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}

extension LDAPFilter: CustomStringConvertible {
    public var description: String { self.text }
}
