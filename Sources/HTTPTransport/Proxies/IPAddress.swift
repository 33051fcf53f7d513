internal import Glibc

/// An IPv4 or IPv6 address; an IPv4 address mapped into IPv6 is the IPv4 address.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt128)

    /// Reads dotted decimal, or IPv6 text without brackets and zone.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= 45 else { return nil }
        if let octets = Self.octets(of: text, AF_INET, count: 4) {
            self = .v4(octets.reduce(0) { $0 << 8 | UInt32($1) })
            return
        }
        guard let octets = Self.octets(of: text, AF_INET6, count: 16) else { return nil }
        let value = octets.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        self = value >> 32 == 0xFFFF ? .v4(UInt32(truncatingIfNeeded: value)) : .v6(value)
    }

    /// Most significant octet first, as `in_addr` and `in6_addr` have them: NIO's modules claim those types for
    /// themselves in some builds.
    private static func octets(of text: String, _ family: Int32, count: Int) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &octets) == 1 ? octets : nil
    }
}

extension IPAddress: CustomStringConvertible {
    /// The text that everybody writes: dotted decimal, or RFC 5952.
    package var description: String {
        var text = [CChar](repeating: 0, count: 46)
        switch self {
        case .v4(let value):
            let octets = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * (3 - $0))) }
            inet_ntop(AF_INET, octets, &text, socklen_t(text.count))
        case .v6(let value):
            let octets = (0..<16).map { UInt8(truncatingIfNeeded: value >> (8 * (15 - $0))) }
            inet_ntop(AF_INET6, octets, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
