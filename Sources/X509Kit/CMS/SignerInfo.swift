internal import SwiftASN1

/// One signer of a ``SignedData`` (RFC 5652 § 5.3), and what they signed with.
public struct SignerInfo: Hashable, Sendable {
    /// By what the signer's certificate is found.
    public enum Identifier: Hashable, Sendable {
        /// DER of the issuer's Name, and the contents of the serial number's INTEGER.
        case issuerAndSerialNumber(issuer: [UInt8], serialNumber: [UInt8])
        /// The contents of the certificate's subject key identifier.
        case subjectKeyIdentifier([UInt8])
    }

    public let identifier: Identifier
    /// `nil` when the signature is over the content itself.
    public let signedAttributes: SignedAttributes?
    public let signature: [UInt8]
    private let digestAlgorithm: ASN1Node
    private let signatureAlgorithm: ASN1Node

    /// Reads exactly one SignerInfo; neither its algorithms nor its signature are judged here.
    ///
    /// - Throws: ``X509Error`` that says what is not as it should be.
    public init(der: [UInt8]) throws(X509Error) {
        self = try asX509Error("signer") { try Self(node: try StrictDER.parse(der)) }
    }

    private init(node: ASN1Node) throws {
        guard node.identifier == .sequence else { throw X509Error("signer: not a SEQUENCE") }
        var fields = try Certificate.children(node, "signer")
        let version = try Int(derEncoded: try fields.required("signer's version"))
        guard version == 1 || version == 3 else { throw X509Error("signer: version \(version) is not known") }
        self.identifier = try Identifier(node: try fields.required("signer's identifier"))
        self.digestAlgorithm = try fields.required("signer's digest algorithm")
        var field = try fields.required("signer's signature algorithm")
        if field.identifier == .contextSpecific(0) {
            self.signedAttributes = try SignedAttributes(node: field)
            field = try fields.required("signer's signature algorithm")
        } else {
            self.signedAttributes = nil
        }
        self.signatureAlgorithm = field
        self.signature = Array(try ASN1OctetString(derEncoded: try fields.required("signature")).bytes)
        // Unsigned attributes prove nothing and are not looked into.
        if let rest = fields.next(), rest.identifier != .contextSpecific(1) {
            throw X509Error("signer: something else where its unsigned attributes belong")
        }
        try fields.end("signer")
    }

    /// How the signature was made.
    ///
    /// - Throws: ``X509Error`` for algorithms that are not accepted, SHA-1 by its name, and for pairs that do not fit.
    public func algorithm() throws(X509Error) -> SignerAlgorithm {
        try asX509Error("signer's algorithms") {
            try SignerAlgorithm(digest: self.digestAlgorithm, signature: self.signatureAlgorithm)
        }
    }

    /// Whether `certificate` is the one that this signer names.
    public func isIdentified(by certificate: Certificate) -> Bool {
        switch self.identifier {
        case .issuerAndSerialNumber(let issuer, let serialNumber):
            certificate.issuer == issuer && certificate.serialNumber == serialNumber
        case .subjectKeyIdentifier(let identifier):
            certificate.subjectKeyIdentifier == identifier
        }
    }
}

extension SignerInfo.Identifier {
    fileprivate init(node: ASN1Node) throws {
        switch (node.identifier, node.content) {
        case (.sequence, _):
            self = try DER.sequence(node, identifier: .sequence) { nodes in
                let issuer = try nodes.required("signer's issuer")
                let serialNumber = try nodes.required("signer's serial number")
                guard issuer.identifier == .sequence, serialNumber.identifier == .integer,
                    case .primitive(let octets) = serialNumber.content
                else { throw X509Error("signer: neither an issuer nor a serial number") }
                return .issuerAndSerialNumber(issuer: Array(issuer.encodedBytes), serialNumber: Array(octets))
            }
        case (.contextSpecific(0), .primitive(let octets)):
            guard !octets.isEmpty else { throw X509Error("signer: an empty key identifier") }
            self = .subjectKeyIdentifier(Array(octets))
        default:
            throw X509Error("signer: named in an unknown way")
        }
    }
}
