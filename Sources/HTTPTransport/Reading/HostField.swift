/// The `Host` field (RFC 9110 § 7.2), looked at for its shape alone.
///
/// Addresses come from the configuration, never from it.
enum HostField {
    /// Whether `octets` are a host, which may be an IP literal in brackets, and optionally a port.
    static func isValid(_ octets: ArraySlice<UInt8>) -> Bool {
        var host = octets
        if octets.first == UInt8(ascii: "[") {
            guard let close = octets.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let literal = octets[(octets.startIndex + 1)..<close]
            guard !literal.isEmpty, literal.allSatisfy({ ASCII.hexValue($0) != nil || $0 == ASCII.colon || $0 == 0x2E })
            else { return false }
            host = octets[(close + 1)...]
            return host.isEmpty || self.isPort(host)
        }
        if let colon = octets.firstIndex(of: ASCII.colon) {
            guard self.isPort(octets[colon...]) else { return false }
            host = octets[..<colon]
        }
        return !host.isEmpty
            && host.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-._~".utf8.contains($0) }
    }

    private static func isPort(_ octets: ArraySlice<UInt8>) -> Bool {
        octets.first == ASCII.colon && octets.count <= 6 && octets.dropFirst().allSatisfy(ASCII.isDigit)
    }
}
