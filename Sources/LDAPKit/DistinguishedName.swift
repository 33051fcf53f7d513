/// A distinguished name in its string form (RFC 4514), read once so that two spellings of one name compare equal.
///
/// Equality ignores case, blanks around `,`, `+` and `=`, the order within a multi-valued component, and the choice of
/// escapes. That is the common denominator of the matching rules that directories use for names of groups.
public struct DistinguishedName: Sendable {
    /// The name as it was given, to be sent to a server.
    public let text: String
    /// The spelling that decides equality: lowercase, escapes in one form, no optional blanks.
    public let canonical: String
    /// The unescaped value of the first component, for example `Staff` of `cn=Staff,dc=corp`; empty for the empty name.
    public let leadingValue: String

    /// Reads a name.
    ///
    /// - Throws: ``LDAPError`` with ``LDAPResultCode/invalidDNSyntax`` when a component is not `type=value`, an escape is
    ///   broken, or the text holds a NUL.
    public init(_ text: String) throws(LDAPError) {
        var reader = DistinguishedNameReader(text)
        let components = try reader.components()
        self.text = text
        self.leadingValue = components.first?.first?.value ?? ""
        var canonical = ""
        canonical.reserveCapacity(text.utf8.count)
        for component in components {
            if !canonical.isEmpty { canonical += "," }
            let pairs = component.map { "\($0.type)=\(Self.escaped($0.value.lowercased()))" }
            canonical += pairs.count == 1 ? pairs[0] : pairs.sorted().joined(separator: "+")
        }
        self.canonical = canonical
    }

    /// The name one level below this one, with `value` escaped.
    public func child(_ attribute: LDAPAttributeName, _ value: String) throws(LDAPError) -> Self {
        let component = "\(attribute.text)=\(Self.escaped(value))"
        return try Self(self.text.isEmpty ? component : "\(component),\(self.text)")
    }

    /// Escapes a value as RFC 4514 § 2.4 asks.
    public static func escaped(_ value: String) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(value.utf8.count + 4)
        let last = value.utf8.count - 1
        for (offset, octet) in value.utf8.enumerated() {
            switch octet {
            case 0..<0x20, 0x7F:
                octets += [UInt8(ascii: "\\"), Hexadecimal.digit(octet >> 4), Hexadecimal.digit(octet & 0xF)]
            case UInt8(ascii: "\""), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "<"),
                UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "="):
                octets += [UInt8(ascii: "\\"), octet]
            case UInt8(ascii: " ") where offset == 0 || offset == last, UInt8(ascii: "#") where offset == 0:
                octets += [UInt8(ascii: "\\"), octet]
            default:
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}

extension DistinguishedName: Hashable {
    public static func == (left: Self, right: Self) -> Bool {
        left.canonical == right.canonical
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.canonical)
    }
}

extension DistinguishedName: CustomStringConvertible {
    public var description: String { self.text }
}
