internal import SwiftASN1

/// Reads DER in which every universal type has the one form it may have (X.690 § 8.2–8.12, § 10.2).
///
/// The library beneath checks that not, and ends the process when it is asked for the contents of a constructed string:
/// a server must not be able to end a simulation so.
enum StrictNode {
    static func parse(_ octets: some Collection<UInt8>) throws -> ASN1Node {
        let octets = Array(octets)
        let node = try DER.parse(octets)
        try self.checkForms(octets[...])
        return node
    }

    /// Looks at every identifier in octets whose lengths the library has found right.
    private static func checkForms(_ octets: ArraySlice<UInt8>) throws {
        var rest = octets
        while let identifier = rest.popFirst() {
            let isConstructed = identifier & 0x20 != 0
            let number = identifier & 0x1F
            if identifier & 0xC0 == 0, number != 0x1F {
                guard (number == 0x10 || number == 0x11) == isConstructed else {
                    throw IssuedCertificate.Unreadable(description: "not DER: type \(number) in the form of another")
                }
            }
            if number == 0x1F { while let octet = rest.popFirst(), octet >= 0x80 {} }
            guard let first = rest.popFirst() else { return }
            var length = Int(first)
            if first >= 0x80 {
                length = (0..<Int(first & 0x7F)).reduce(0) { sum, _ in sum << 8 | Int(rest.popFirst() ?? 0) }
            }
            if !isConstructed { rest = rest.dropFirst(length) }
        }
    }
}
