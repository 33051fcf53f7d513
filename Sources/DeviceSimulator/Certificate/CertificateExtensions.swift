internal import SwiftASN1

/// The extensions a device looks at (RFC 5280 § 4.2.1).
struct CertificateExtensions: Hashable, Sendable {
    private(set) var isAuthority = false
    /// Dotted; `nil` when the extension is not there, which allows everything.
    private(set) var purposes: [String]?

    static let clientAuthentication = "1.3.6.1.5.5.7.3.2"

    init() {}

    /// Reads the tagged list at the end of a certificate's body.
    init(_ tagged: ASN1Node) throws {
        guard case .constructed(let lists) = tagged.content else {
            throw IssuedCertificate.Unreadable(description: "extensions that are not a list")
        }
        for list in lists {
            guard case .constructed(let entries) = list.content else { continue }
            for entry in entries { try self.take(entry) }
        }
    }

    private mutating func take(_ entry: ASN1Node) throws {
        let (identifier, value) = try DER.sequence(entry, identifier: .sequence) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: try IssuedCertificate.next(&nodes, "an extension"))
            var node = try IssuedCertificate.next(&nodes, "an extension's value")
            if node.identifier == .boolean { node = try IssuedCertificate.next(&nodes, "an extension's value") }
            return (identifier.description, try ASN1OctetString(derEncoded: node).bytes)
        }
        switch identifier {
        case "2.5.29.19":
            self.isAuthority = try DER.sequence(try StrictNode.parse(value), identifier: .sequence) { nodes in
                guard let first = nodes.next(), first.identifier == .boolean else { return false }
                _ = nodes.next()
                return try Bool(derEncoded: first)
            }
        case "2.5.29.37":
            guard case .constructed(let nodes) = try StrictNode.parse(value).content else { return }
            self.purposes = try nodes.map { try ASN1ObjectIdentifier(derEncoded: $0).description }
        default:
            break
        }
    }

    /// Whether a client may present it, or one below it.
    var allowsClientAuthentication: Bool {
        guard let purposes = self.purposes else { return true }
        return purposes.contains(Self.clientAuthentication) || purposes.contains("2.5.29.37.0")
    }
}
