internal import SwiftASN1

/// A name in a certificate, as octets and as text.
struct DistinguishedName: Hashable, Sendable {
    let der: [UInt8]
    /// `CN=…`, `OU=…`: one text each, in the order of the certificate.
    let parts: [String]

    /// The parts joined by commas, in the order of the certificate.
    var text: String { self.parts.joined(separator: ",") }

    init(_ node: ASN1Node) throws {
        self.der = Array(node.encodedBytes)
        var parts: [String] = []
        guard case .constructed(let sets) = node.content else {
            throw IssuedCertificate.Unreadable(description: "a name that is not a list")
        }
        for set in sets {
            guard case .constructed(let attributes) = set.content else { continue }
            for attribute in attributes {
                parts.append(
                    try DER.sequence(attribute, identifier: .sequence) { nodes in
                        let type = try ASN1ObjectIdentifier(derEncoded: try IssuedCertificate.next(&nodes, "a name"))
                        let value = try IssuedCertificate.next(&nodes, "a name's value")
                        guard case .primitive(let octets) = value.content else { return type.description }
                        let label = Self.labels[type.description] ?? type.description
                        return "\(label)=\(String(decoding: octets, as: UTF8.self))"
                    }
                )
            }
        }
        self.parts = parts
    }

    private static let labels = [
        "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
        "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID", "1.2.840.113549.1.9.1": "E",
        "2.5.4.5": "SERIALNUMBER",
    ]
}
