internal import Glibc

/// Addresses that begin alike.
public struct AddressNetwork: Hashable, Sendable {
    /// 4 octets, or 16.
    let octets: [UInt8]
    /// In bits.
    let prefix: Int

    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address; what is behind the prefix is zero.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let octets = Self.octets(of: String(first)) else { return nil }
        var prefix = octets.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]),
                length <= prefix
            else { return nil }
            prefix = length
        }
        self.init(octets, prefix)
        guard self.octets == octets else { return nil }
    }

    init(_ octets: [UInt8], _ prefix: Int) {
        self.prefix = prefix
        self.octets = octets.enumerated().map { index, octet in
            octet & UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, prefix - index * 8)))
        }
    }

    /// Whether an address of 4 or 16 octets is one of these.
    public func contains(_ address: [UInt8]) -> Bool {
        guard address.count == self.octets.count else { return false }
        return AddressNetwork(address, self.prefix).octets == self.octets
    }

    /// The octets of an address as people write it.
    static func octets(of text: String) -> [UInt8]? {
        // A NUL would hide what is behind it.
        guard !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var octets = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &octets) == 1 { return octets }
        }
        return nil
    }

    /// An address as people write it.
    static func text(of octets: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = octets.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, octets, &text, socklen_t(text.count)) != nil else { return "an unreadable address" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension AddressNetwork: CustomStringConvertible {
    public var description: String { "\(Self.text(of: self.octets))/\(self.prefix)" }
}
