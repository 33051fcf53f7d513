internal import SwiftASN1

/// A certificate (RFC 5280 § 4.1) taken apart just far enough that both its readers and the lint can judge it.
///
/// Reading is lenient on purpose: what a rule forbids must be readable, or the rule could never find it. Only the outer
/// structure has to be there.
public struct Certificate: Sendable {
    /// One attribute of a name, its string still encoded.
    struct NameAttribute: Sendable {
        let type: ASN1ObjectIdentifier
        let value: ASN1Node
    }

    struct Extension: Sendable {
        let identifier: ASN1ObjectIdentifier
        let isCritical: Bool
        /// Whether the BOOLEAN was written although FALSE is the default.
        let writesCriticality: Bool
        let value: ArraySlice<UInt8>
    }

    public let der: [UInt8]
    /// The exact octets of TBSCertificate.
    public let toBeSigned: [UInt8]
    /// Contents of the serial number's INTEGER.
    public let serialNumber: [UInt8]
    /// DER of the issuer's Name.
    public let issuer: [UInt8]
    /// DER of the subject's Name.
    public let subject: [UInt8]
    /// DER of the SubjectPublicKeyInfo.
    public let publicKeyInfo: [UInt8]
    public let signature: [UInt8]

    let version: Int
    let innerAlgorithm: ASN1Node
    let outerAlgorithm: ASN1Node
    let issuerNames: [[NameAttribute]]
    let subjectNames: [[NameAttribute]]
    let notBefore: ASN1Node
    let notAfter: ASN1Node
    let hasUniqueIdentifiers: Bool
    /// `nil` when the field is absent, which is not the same as an empty list.
    let extensions: [Extension]?
    let signaturePaddingBits: Int

    /// Reads exactly one certificate.
    ///
    /// - Throws: ``X509Error`` when the octets are not DER or not of a certificate's outer structure.
    public init(der: [UInt8]) throws(X509Error) {
        self = try asX509Error("certificate") { try Self(node: try StrictDER.parse(der)) }
    }

    private init(node: ASN1Node) throws {
        var outer = try Self.children(node, "certificate")
        let body = try outer.required("tbsCertificate")
        self.outerAlgorithm = try outer.required("signatureAlgorithm")
        let signature = try ASN1BitString(derEncoded: try outer.required("signatureValue"))
        try outer.end("certificate")

        var fields = try Self.children(body, "tbsCertificate")
        var field = try fields.required("serialNumber")
        if field.identifier == .contextSpecific(0) {
            var inner = try Self.children(field, "version")
            self.version = try Int(derEncoded: try inner.required("version"))
            field = try fields.required("serialNumber")
        } else {
            self.version = 0
        }
        guard field.identifier == .integer, case .primitive(let serialNumber) = field.content else {
            throw X509Error("serialNumber: not an INTEGER")
        }
        self.serialNumber = Array(serialNumber)
        self.innerAlgorithm = try fields.required("signature")
        let issuer = try fields.required("issuer")
        var validity = try Self.children(try fields.required("validity"), "validity")
        self.notBefore = try validity.required("notBefore")
        self.notAfter = try validity.required("notAfter")
        let subject = try fields.required("subject")
        self.publicKeyInfo = Array(try fields.required("subjectPublicKeyInfo").encodedBytes)
        var hasUniqueIdentifiers = false
        var extensions: [Extension]?
        while let field = fields.next() {
            switch field.identifier {
            case .contextSpecific(1), .contextSpecific(2): hasUniqueIdentifiers = true
            case .contextSpecific(3): extensions = try Self.extensions(field)
            default: throw X509Error("tbsCertificate: an unknown field after the public key")
            }
        }
        self.hasUniqueIdentifiers = hasUniqueIdentifiers
        self.extensions = extensions
        self.issuerNames = try Self.names(issuer)
        self.subjectNames = try Self.names(subject)
        self.issuer = Array(issuer.encodedBytes)
        self.subject = Array(subject.encodedBytes)
        self.der = Array(node.encodedBytes)
        self.toBeSigned = Array(body.encodedBytes)
        self.signature = Array(signature.bytes)
        self.signaturePaddingBits = signature.paddingBits
    }

    private static func extensions(_ field: ASN1Node) throws -> [Extension] {
        var wrapper = try Self.children(field, "extensions")
        var list = try Self.children(try wrapper.required("extensions"), "extensions")
        var extensions: [Extension] = []
        while let node = list.next() {
            var parts = try Self.children(node, "extension")
            let identifier = try ASN1ObjectIdentifier(derEncoded: try parts.required("extnID"))
            var part = try parts.required("extnValue")
            let writesCriticality = part.identifier == .boolean
            var isCritical = false
            if writesCriticality {
                isCritical = try Bool(derEncoded: part)
                part = try parts.required("extnValue")
            }
            let value = try ASN1OctetString(derEncoded: part).bytes
            extensions.append(
                Extension(
                    identifier: identifier,
                    isCritical: isCritical,
                    writesCriticality: writesCriticality,
                    value: value
                )
            )
        }
        return extensions
    }

    private static func names(_ node: ASN1Node) throws -> [[NameAttribute]] {
        var names: [[NameAttribute]] = []
        var list = try Self.children(node, "name")
        while let relative = list.next() {
            var attributes: [NameAttribute] = []
            var members = try Self.children(relative, "relative distinguished name")
            while let member = members.next() {
                var parts = try Self.children(member, "attribute")
                let type = try ASN1ObjectIdentifier(derEncoded: try parts.required("attribute type"))
                attributes.append(NameAttribute(type: type, value: try parts.required("attribute value")))
            }
            names.append(attributes)
        }
        return names
    }

    static func children(_ node: ASN1Node, _ name: String) throws -> ASN1NodeCollection.Iterator {
        guard case .constructed(let nodes) = node.content else { throw X509Error("\(name): not constructed") }
        return nodes.makeIterator()
    }

    func value(of identifier: ASN1ObjectIdentifier) -> Extension? {
        self.extensions?.first { $0.identifier == identifier }
    }
}

extension ASN1NodeCollection.Iterator {
    mutating func required(_ name: String) throws -> ASN1Node {
        guard let node = self.next() else { throw X509Error("\(name): missing") }
        return node
    }

    mutating func end(_ name: String) throws {
        guard self.next() == nil else { throw X509Error("\(name): surplus elements") }
    }
}
