/// Our own name for a device: a random UUID (RFC 9562 § 5.4), given to it as `EntDMID`.
///
/// Not to be confused with the `DeviceID` that a client claims, which is ``DeviceClaims/deviceID``.
public struct DeviceID: Hashable, Sendable {
    public let octets: [UInt8]

    /// Makes a version 4 UUID of 16 random octets.
    public init(random: [UInt8]) {
        precondition(random.count == 16, "a UUID has 16 octets")
        var octets = random
        octets[6] = octets[6] & 0x0f | 0x40
        octets[8] = octets[8] & 0x3f | 0x80
        self.octets = octets
    }

    /// Reads the canonical form, in either case, with or without braces.
    public init?(_ text: some StringProtocol) {
        let bare = String(text).filter { $0 != "{" && $0 != "}" }
        let groups = bare.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            let octets = Hexadecimal.decode(groups.joined())
        else { return nil }
        self.octets = octets
    }

    /// Takes back what ``octets`` gave.
    public init?(octets: [UInt8]) {
        guard octets.count == 16 else { return nil }
        self.octets = octets
    }
}

extension DeviceID: CustomStringConvertible {
    /// The canonical form in lower case: `6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1`.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, octet) in self.octets.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(Hexadecimal.digits[Int(octet >> 4)])
            text.append(Hexadecimal.digits[Int(octet & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
