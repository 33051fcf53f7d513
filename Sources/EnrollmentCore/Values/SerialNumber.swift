/// A certificate serial number as we make them: a first octet 0x01–0x7f that names the node, then 16 random octets.
///
/// The first octet keeps it positive and of one length: 17 octets, within the 20 of RFC 5280 § 4.1.2.2.
public struct SerialNumber: Hashable, Sendable {
    public static let randomOctets = 16

    /// Big-endian, as in the certificate's INTEGER.
    public let octets: [UInt8]

    /// - Parameters:
    ///   - node: 1–127; names the process that chose the number.
    ///   - random: ``randomOctets`` octets of a cryptographic generator.
    public init(node: UInt8, random: [UInt8]) {
        precondition((0x01...0x7f).contains(node), "a node is 1–127")
        precondition(random.count == Self.randomOctets, "a serial number takes 16 random octets")
        self.octets = [node] + random
    }

    /// Takes back what ``octets`` gave, or any positive serial number of at most 20 octets.
    public init?(octets: [UInt8]) {
        guard let first = octets.first, octets.count <= 20, first <= 0x7f else { return nil }
        // A zero in front only where the next octet would make the number negative (X.690 § 8.3.2).
        guard first > 0 || octets.dropFirst().first ?? 0 > 0x7f else { return nil }
        self.octets = octets
    }

    /// Reads hexadecimal with or without colons, blanks and `0x`, in any case.
    public init?(_ text: some StringProtocol) {
        var digits = String(text).filter { $0 != ":" && $0 != " " }
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") { digits.removeFirst(2) }
        guard let octets = Hexadecimal.decode(digits) else { return nil }
        self.init(octets: octets)
    }
}

extension SerialNumber: CustomStringConvertible {
    /// Lower-case hexadecimal without separators.
    public var description: String { Hexadecimal.encode(self.octets) }
}
