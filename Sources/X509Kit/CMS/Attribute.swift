internal import SwiftASN1

/// An attribute of a request or of a signature: a type and a set of values (RFC 2986 § 4.1, RFC 5652 § 5.3).
struct Attribute {
    let type: ASN1ObjectIdentifier
    let values: [ASN1Node]

    private init(node: ASN1Node) throws {
        (self.type, self.values) = try DER.sequence(node, identifier: .sequence) { nodes in
            let type = try ASN1ObjectIdentifier(derEncoded: &nodes)
            let set = try nodes.required("attribute's values")
            guard set.identifier == .set, case .constructed(let values) = set.content else {
                throw X509Error("attribute \(type): its values are not a SET")
            }
            return (type, Array(values))
        }
    }

    /// Reads the attributes that a set, whatever its tag, holds.
    static func list(in node: ASN1Node, _ name: String) throws -> [Attribute] {
        var attributes: [Attribute] = []
        var nodes = try Certificate.children(node, name)
        while let node = nodes.next() { attributes.append(try Attribute(node: node)) }
        return attributes
    }
}

extension [Attribute] {
    /// The one value of the one attribute of this type; `nil` when there is no such attribute.
    ///
    /// - Throws: ``X509Error`` when there are several to choose from, or none in it.
    func value(of type: ASN1ObjectIdentifier, _ name: String) throws -> ASN1Node? {
        let values = self.filter { $0.type == type }.map(\.values)
        guard let first = values.first else { return nil }
        guard values.count == 1, first.count == 1 else { throw X509Error("\(name): not exactly one value") }
        return first[0]
    }
}
