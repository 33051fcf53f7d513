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
        try self.check(node)
        return node
    }

    private static func check(_ node: ASN1Node) throws {
        let isCompound = node.identifier == .sequence || node.identifier == .set
        let isUniversal = node.identifier.tagClass == .universal
        switch node.content {
        case .constructed(let nodes):
            guard isCompound || !isUniversal else { throw X509Error("not DER: a string or number in pieces") }
            for node in nodes { try self.check(node) }
        case .primitive:
            guard !isCompound else { throw X509Error("not DER: a sequence or set that is not constructed") }
        }
    }
}
