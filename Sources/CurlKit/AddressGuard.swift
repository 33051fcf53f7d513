/// Keeps requests whose address somebody configured away from what only this machine can reach.
///
/// It judges the address that a connection is really made to, after names were resolved: a name that means another
/// machine each time it is looked up does not get past it.
public struct AddressGuard: Hashable, Sendable {
    /// Addresses that are refused unless they are allowed.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// This machine: `127.0.0.0/8`, `::1`.
        case loopback
        /// Neighbours without a router between: `169.254.0.0/16`, `fe80::/10`.
        case linkLocal = "link-local"
        /// Where the machines of cloud providers get their own credentials; never part of ``linkLocal``.
        case metadata
        /// `224.0.0.0/4`, `ff00::/8`.
        case multicast
        /// Nobody's: `0.0.0.0/8`, `240.0.0.0/4`, `::`.
        case unspecified
    }

    private static let metadata = Set(
        [
            "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
            "fd20:ce::254",
        ].compactMap { AddressNetwork.octets(of: $0) }
    )

    public let allowed: Set<Kind>
    /// Addresses that are allowed whatever their kind.
    public let networks: [AddressNetwork]

    public init(allowing kinds: Set<Kind> = [], networks: [AddressNetwork] = []) {
        self.allowed = kinds
        self.networks = networks
    }

    /// Judges an address of 4 or 16 octets.
    ///
    /// - Returns: Why it is refused; `nil` when it may be connected to.
    public func refusal(of address: [UInt8]) -> Kind? {
        let meanings = [address] + [Self.embedded(in: address)].compactMap { $0 }
        guard !meanings.contains(where: { meaning in self.networks.contains { $0.contains(meaning) } }) else {
            return nil
        }
        return meanings.compactMap { Self.kind(of: $0) }.first { !self.allowed.contains($0) }
    }

    private static func kind(of address: [UInt8]) -> Kind? {
        if self.metadata.contains(address) { return .metadata }
        return address.count == 4 ? self.kind(ofFour: address) : self.kind(ofSixteen: address)
    }

    private static func kind(ofFour address: [UInt8]) -> Kind? {
        switch (address[0], address[1]) {
        case (127, _): .loopback
        case (169, 254): .linkLocal
        case (224...239, _): .multicast
        case (0, _), (240..., _): .unspecified
        default: nil
        }
    }

    private static func kind(ofSixteen address: [UInt8]) -> Kind? {
        if address.dropLast().allSatisfy({ $0 == 0 }) {
            switch address[15] {
            case 0: return .unspecified
            case 1: return .loopback
            default: break
            }
        }
        switch (address[0], address[1] & 0xC0) {
        case (0xFE, 0x80): return .linkLocal
        case (0xFF, _): return .multicast
        default: return nil
        }
    }

    /// The address of 4 octets that a host or a gateway makes of one of 16: IPv4-mapped and -compatible (RFC 4291
    /// § 2.5.5), NAT64 (RFC 6052 § 2.1), 6to4 (RFC 3056 § 2).
    private static func embedded(in address: [UInt8]) -> [UInt8]? {
        guard address.count == 16 else { return nil }
        if address[..<2] == [0x20, 0x02] { return Array(address[2..<6]) }
        let isTranslated = address[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        let isMapped = address[..<10].allSatisfy { $0 == 0 } && address[10..<12] == [0xFF, 0xFF]
        let isCompatible = address[..<12].allSatisfy { $0 == 0 } && address[12..<15] != [0, 0, 0]
        return isTranslated || isMapped || isCompatible ? Array(address[12...]) : nil
    }
}
