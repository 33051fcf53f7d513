internal import SwiftASN1

/// A certificate as a device reads it (RFC 5280 § 4.1).
///
/// The simulator reads for itself, so that it judges a server by the standard and not by the server's own code.
struct IssuedCertificate: Hashable, Sendable {
    let der: [UInt8]
    /// The octets that are signed.
    let body: [UInt8]
    let serialNumber: [UInt8]
    /// Dotted.
    let signatureAlgorithm: String
    let signature: [UInt8]
    /// DER of the name.
    let issuer: [UInt8]
    let subject: DistinguishedName
    /// Seconds since 1970; both ends are within.
    let validity: ClosedRange<Int64>
    /// SubjectPublicKeyInfo, DER.
    let publicKeyInfo: [UInt8]
    let extensions: CertificateExtensions

    /// What keeps octets from being a certificate, in words.
    struct Unreadable: Error {
        let description: String
    }

    init(der: [UInt8]) throws(Unreadable) {
        do {
            let root = try StrictNode.parse(der)
            let (body, algorithm, signature) = try DER.sequence(root, identifier: .sequence) { nodes in
                (
                    try Self.next(&nodes, "a body"), try Self.algorithm(try Self.next(&nodes, "an algorithm")),
                    try ASN1BitString(derEncoded: try Self.next(&nodes, "a signature"))
                )
            }
            self.der = der
            self.body = Array(body.encodedBytes)
            self.signatureAlgorithm = algorithm
            self.signature = Array(signature.bytes)
            let parts = try BodyParts(body)
            guard parts.algorithm == algorithm else { throw Unreadable(description: "two signature algorithms") }
            self.serialNumber = parts.serialNumber
            self.issuer = parts.issuer
            self.subject = parts.subject
            self.validity = parts.validity
            self.publicKeyInfo = parts.publicKeyInfo
            self.extensions = parts.extensions
        } catch let error as Unreadable {
            throw error
        } catch {
            throw Unreadable(description: "not a certificate in DER")
        }
    }

    static func next(_ nodes: inout ASN1NodeCollection.Iterator, _ what: String) throws -> ASN1Node {
        guard let node = nodes.next() else { throw Unreadable(description: "a certificate without \(what)") }
        return node
    }

    static func algorithm(_ node: ASN1Node) throws -> String {
        try DER.sequence(node, identifier: .sequence) { nodes in
            let identifier = try ASN1ObjectIdentifier(derEncoded: try self.next(&nodes, "an algorithm"))
            _ = nodes.next()
            return identifier.description
        }
    }
}

/// The fields of `TBSCertificate`, read in one go.
private struct BodyParts {
    let serialNumber: [UInt8]
    let algorithm: String
    let issuer: [UInt8]
    let validity: ClosedRange<Int64>
    let subject: DistinguishedName
    let publicKeyInfo: [UInt8]
    let extensions: CertificateExtensions

    init(_ node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            try BodyParts(reading: &nodes)
        }
    }

    private init(reading nodes: inout ASN1NodeCollection.Iterator) throws {
        let version = try IssuedCertificate.next(&nodes, "a version")
        guard Array(version.encodedBytes) == [0xA0, 3, 2, 1, 2] else {
            throw IssuedCertificate.Unreadable(description: "a certificate of a version other than 3")
        }
        self.serialNumber = Array(try ArraySlice<UInt8>(derEncoded: try IssuedCertificate.next(&nodes, "a serial")))
        self.algorithm = try IssuedCertificate.algorithm(try IssuedCertificate.next(&nodes, "an algorithm"))
        self.issuer = Array(try IssuedCertificate.next(&nodes, "an issuer").encodedBytes)
        self.validity = try CertificateMoment.range(try IssuedCertificate.next(&nodes, "a validity"))
        self.subject = try DistinguishedName(try IssuedCertificate.next(&nodes, "a subject"))
        self.publicKeyInfo = Array(try IssuedCertificate.next(&nodes, "a key").encodedBytes)
        var extensions = CertificateExtensions()
        while let node = nodes.next() {
            guard node.identifier == ASN1Identifier(tagWithNumber: 3, tagClass: .contextSpecific) else { continue }
            extensions = try CertificateExtensions(node)
        }
        self.extensions = extensions
    }
}
