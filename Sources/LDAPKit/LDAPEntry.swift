/// One entry of a search result.
public struct LDAPEntry: Sendable {
    /// The entry's distinguished name as the server spells it.
    public let name: String
    private let attributes: [(name: String, values: [[UInt8]])]

    init(name: String, attributes: [(name: String, values: [[UInt8]])]) {
        self.name = name
        self.attributes = attributes
    }

    /// All values of an attribute as octets, in the server's order; empty when there is none.
    ///
    /// Case does not matter, and options after `;` (a language tag, Active Directory's `range=`) are not looked at.
    public func octets(_ attribute: LDAPAttributeName) -> [[UInt8]] {
        for candidate in self.attributes where Self.isSame(candidate.name, attribute.text) { return candidate.values }
        return []
    }

    /// All values of an attribute that are UTF-8 text.
    public func texts(_ attribute: LDAPAttributeName) -> [String] {
        self.octets(attribute).compactMap { String(validating: $0, as: UTF8.self) }
    }

    /// The first value of an attribute, when it is not empty UTF-8 text.
    public func text(_ attribute: LDAPAttributeName) -> String? {
        guard let first = self.octets(attribute).first, !first.isEmpty else { return nil }
        return String(validating: first, as: UTF8.self)
    }

    private static func isSame(_ received: String, _ wanted: String) -> Bool {
        var left = received.utf8.makeIterator()
        for right in wanted.utf8 {
            guard let octet = left.next(), Self.lowercase(octet) == Self.lowercase(right) else { return false }
        }
        let next = left.next()
        return next == nil || next == UInt8(ascii: ";")
    }

    private static func lowercase(_ octet: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
    }
}
