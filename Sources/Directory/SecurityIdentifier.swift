/// Windows security identifiers.
enum SecurityIdentifier {
    /// Writes `objectSid` ([MS-DTYP] § 2.4.2.2) as text: `S-1-5-21-…`.
    ///
    /// - Returns: `nil` when the octets are not one whole identifier of revision 1.
    static func text(_ octets: [UInt8]) -> String? {
        guard octets.count >= 8, octets[0] == 1, octets[1] <= 15, octets.count == 8 + 4 * Int(octets[1]) else {
            return nil
        }
        // The authority is the only big-endian part.
        var text = "S-1-\(octets[2..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })"
        for start in stride(from: 8, to: octets.count, by: 4) {
            text += "-\(octets[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })"
        }
        return text
    }
}
