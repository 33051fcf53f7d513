/// Reads the string form of RFC 4514 § 3 once, from left to right.
struct DistinguishedNameReader {
    /// One `type=value` pair; the type is lowercase, the value unescaped.
    struct Pair {
        let type: String
        let value: String
    }

    private let octets: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.octets = Array(text.utf8)
    }

    /// The components from the entry upwards; none for the empty name.
    mutating func components() throws(LDAPError) -> [[Pair]] {
        self.skipBlanks()
        guard self.position < self.octets.count else { return [] }
        var components: [[Pair]] = []
        var component: [Pair] = []
        while true {
            component.append(try self.pair())
            guard self.position < self.octets.count else { break }
            let separator = self.octets[self.position]
            self.position += 1
            if separator == UInt8(ascii: ",") {
                components.append(component)
                component = []
            }
        }
        components.append(component)
        return components
    }

    private mutating func pair() throws(LDAPError) -> Pair {
        self.skipBlanks()
        let start = self.position
        while self.position < self.octets.count, self.octets[self.position] != UInt8(ascii: "=") {
            self.position += 1
        }
        let type = String(decoding: self.octets[start..<self.position], as: UTF8.self)
        guard self.position < self.octets.count else { throw self.malformed() }
        self.position += 1
        let trimmed = String(type.prefix(while: { $0 != " " }))
        guard trimmed.utf8.count == type.utf8.count || type.dropFirst(trimmed.count).allSatisfy({ $0 == " " }) else {
            throw self.malformed()
        }
        let name = try LDAPAttributeName(trimmed)
        self.skipBlanks()
        return Pair(type: name.text.lowercased(), value: try self.value())
    }

    /// Ends before an unescaped `,` or `+`, or at the end; blanks before it are not part of the value.
    private mutating func value() throws(LDAPError) -> String {
        var value: [UInt8] = []
        var significant = 0
        while self.position < self.octets.count {
            let octet = self.octets[self.position]
            switch octet {
            case UInt8(ascii: ","), UInt8(ascii: "+"):
                return String(decoding: value[..<significant], as: UTF8.self)
            case UInt8(ascii: "\\"):
                value.append(try self.escape())
                significant = value.count
                continue
            case 0, UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"):
                throw self.malformed()
            case UInt8(ascii: " "):
                value.append(octet)
            default:
                value.append(octet)
                significant = value.count
            }
            self.position += 1
        }
        return String(decoding: value[..<significant], as: UTF8.self)
    }

    /// Reads `\,` or `\2C` and moves behind it.
    private mutating func escape() throws(LDAPError) -> UInt8 {
        let rest = self.octets[(self.position + 1)...]
        guard let first = rest.first, first != 0 else { throw self.malformed() }
        guard let high = Hexadecimal.value(first) else {
            self.position += 2
            return first
        }
        guard let second = rest.dropFirst().first, let low = Hexadecimal.value(second) else { throw self.malformed() }
        self.position += 3
        return high << 4 | low
    }

    private mutating func skipBlanks() {
        while self.position < self.octets.count, self.octets[self.position] == UInt8(ascii: " ") {
            self.position += 1
        }
    }

    private func malformed() -> LDAPError {
        LDAPError(
            "distinguished name",
            .invalidDNSyntax,
            diagnostic: "not a distinguished name (RFC 4514) at octet \(self.position)"
        )
    }
}
