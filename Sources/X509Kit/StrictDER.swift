internal import SwiftASN1

/// Reads DER in which every universal type has the one form it may have: sequences and sets are constructed, all others
/// primitive (X.690 § 8.2–8.12, § 10.2).
///
/// The library beneath checks neither, and ends the process when it is asked for the contents of a constructed string:
/// no node may get to it from anywhere else.
enum StrictDER {
    /// Reads exactly one element, all that is inside it included.
    static func parse(_ octets: [UInt8]) throws -> ASN1Node {
        try self.parse(octets[...])
    }

    static func parse(_ octets: ArraySlice<UInt8>) throws -> ASN1Node {
        let node = try DER.parse(octets)
        try self.checkForms(octets)
        return node
    }

    /// Looks at every identifier in octets whose lengths are known to be right.
    ///
    /// What a constructed element holds follows its header at once, so one pass without a stack meets them all; walking
    /// the library's nodes instead takes a look at each of them for every level above it.
    private static func checkForms(_ octets: ArraySlice<UInt8>) throws {
        var rest = octets
        while let identifier = rest.popFirst() {
            let isConstructed = identifier & 0x20 != 0
            let number = identifier & 0x1f
            if identifier & 0xc0 == 0 && number != 0x1f {
                let isCompound = number == 0x10 || number == 0x11
                guard isCompound == isConstructed else {
                    throw X509Error("not DER: an element of type \(number) in the form of another")
                }
            }
            if number == 0x1f { while let octet = rest.popFirst(), octet >= 0x80 {} }
            let length = Self.length(&rest)
            if !isConstructed { rest = rest.dropFirst(length) }
        }
    }

    private static func length(_ rest: inout ArraySlice<UInt8>) -> Int {
        guard let first = rest.popFirst() else { return 0 }
        guard first >= 0x80 else { return Int(first) }
        return (0..<Int(first & 0x7f)).reduce(0) { length, _ in length << 8 | Int(rest.popFirst() ?? 0) }
    }
}
