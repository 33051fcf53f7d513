internal import NIOCore

/// Whom a connection counts for: one IPv4 address, or the /64 network that one IPv6 subscriber has to himself.
enum SourceNetwork: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt64)
    case other

    init(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            self = .v4(UInt32(bigEndian: Self.load(address.address, at: 4)))
        case .v6(let address):
            let high = UInt64(bigEndian: Self.load(address.address, at: 8))
            let low = UInt64(bigEndian: Self.load(address.address, at: 16))
            // An IPv4 client on a socket that speaks both arrives as ::ffff:a.b.c.d.
            self = high == 0 && low >> 32 == 0xFFFF ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high)
        default:
            self = .other
        }
    }

    /// Reads from a `sockaddr_in` or `sockaddr_in6`, whose address lies behind family and port (and flow label).
    private static func load<Address, Number: BitwiseCopyable>(_ address: Address, at offset: Int) -> Number {
        withUnsafeBytes(of: address) { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }
}
