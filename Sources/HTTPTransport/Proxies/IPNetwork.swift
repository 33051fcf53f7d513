/// An address, or all that begin with the same bits (CIDR, RFC 4632 § 3.1).
package struct IPNetwork: Hashable, Sendable {
    private let address: IPAddress
    private let prefixLength: Int

    /// Reads `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`.
    ///
    /// - Returns: `nil` for anything else, for bits beyond the prefix that are not zero, and for a prefix of no bits, which
    ///   would be everybody.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = IPAddress(first) else { return nil }
        let width = address.width
        var length = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(ASCII.isDigit),
                parts[1] == "0" || parts[1].first != "0", let number = Int(parts[1]), (1...width).contains(number)
            else { return nil }
            // The length of a mapped address counts the 96 bits before it, which nobody means to write.
            if case .v4 = address, first.contains(":") { return nil }
            length = number
        }
        self.address = address
        self.prefixLength = length
        guard address.masked(to: length) == address else { return nil }
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.width == self.address.width && other.masked(to: self.prefixLength) == self.address
    }
}

extension IPNetwork: CustomStringConvertible {
    package var description: String {
        self.prefixLength == self.address.width ? "\(self.address)" : "\(self.address)/\(self.prefixLength)"
    }
}

extension IPAddress {
    /// Bits of an address of this kind.
    fileprivate var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address with everything behind its first `length` bits cleared.
    fileprivate func masked(to length: Int) -> IPAddress {
        switch self {
        case .v4(let value): .v4(value & (.max << (32 - length)))
        case .v6(let value): .v6(value & (.max << (128 - length)))
        }
    }
}
