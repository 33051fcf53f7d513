internal import SwiftASN1

/// A CMS SignedData in its ContentInfo (RFC 5652 § 3 and § 5.1), read as far as proving one signature needs it.
///
/// Only the form is checked here. Certificates and signers are kept as they came, to be read by ``Certificate`` and
/// ``SignerInfo``: how many there are can be judged before any of them is. Indefinite lengths are refused, although BER
/// has them, and so are signatures whose content is elsewhere.
public struct SignedData: Hashable, Sendable {
    /// What the signed octets are said to be (RFC 5652 § 5.2).
    public enum ContentType: Hashable, Sendable {
        /// id-data: octets whose meaning both sides know.
        case data
        /// id-cct-PKIData: a CMC request (RFC 5272 § 3.2).
        case pkiData
        /// Another one, as its dotted text.
        case other(String)
    }

    /// A message needs its signer's certificate and perhaps the issuers above; more is somebody's joke.
    private static let mostCertificates = 16

    public let contentType: ContentType
    /// What was signed: the contents of an OCTET STRING, or the whole of a SEQUENCE as PKCS #7 1.5 puts it there.
    public let content: [UInt8]
    /// The part of ``content`` that the digest is over; without its header for a SEQUENCE (RFC 5652 § 5.2.1).
    public let digestedContent: [UInt8]
    /// Each certificate, DER, in the order in which they came.
    public let certificates: [[UInt8]]
    /// Each SignerInfo, DER, in the order in which they came.
    public let signers: [[UInt8]]

    /// Reads exactly one message; no signature is checked here.
    ///
    /// - Throws: ``X509Error`` that says what is not as it should be.
    public init(der: [UInt8]) throws(X509Error) {
        self = try asX509Error("signed message") {
            try DER.sequence(try StrictDER.parse(der), identifier: .sequence) { nodes in
                let type = try ASN1ObjectIdentifier(derEncoded: &nodes)
                guard type == OID.signedData else { throw X509Error("signed message: \(type) is not SignedData") }
                return try Self(node: try Self.explicit(nodes.next(), "SignedData"))
            }
        }
    }

    private init(node: ASN1Node) throws {
        guard node.identifier == .sequence else { throw X509Error("SignedData: not a SEQUENCE") }
        var fields = try Certificate.children(node, "SignedData")
        let version = try Int(derEncoded: try fields.required("SignedData version"))
        guard [1, 3, 4, 5].contains(version) else { throw X509Error("SignedData: version \(version) is not known") }
        // Only the signer's own entry counts, and it is named again where the signer is.
        _ = try Self.members(of: try fields.required("digestAlgorithms"), .set, "digestAlgorithms")
        let content = try Self.content(in: try fields.required("encapContentInfo"))
        (self.contentType, self.content, self.digestedContent) = content
        var field = try fields.required("signerInfos")
        var certificates: [[UInt8]] = []
        if field.identifier == .contextSpecific(0) {
            certificates = try Self.members(of: field, .contextSpecific(0), "certificates")
            field = try fields.required("signerInfos")
        }
        guard certificates.count <= Self.mostCertificates else {
            throw X509Error("certificates: \(certificates.count), \(Self.mostCertificates) are taken")
        }
        self.certificates = certificates
        // Revocation lists, which nobody here asks a device for.
        if field.identifier == .contextSpecific(1) { field = try fields.required("signerInfos") }
        self.signers = try Self.members(of: field, .set, "signerInfos")
        try fields.end("SignedData")
    }

    private static func content(in node: ASN1Node) throws -> (ContentType, [UInt8], [UInt8]) {
        try DER.sequence(node, identifier: .sequence) { nodes in
            let type = ContentType(try ASN1ObjectIdentifier(derEncoded: &nodes))
            let content = try Self.explicit(nodes.next(), "content")
            let whole = content.encodedBytes
            switch content.content {
            case .primitive(let octets) where content.identifier == .octetString:
                return (type, Array(octets), Array(octets))
            case .constructed where content.identifier == .sequence:
                return (type, Array(whole), Array(whole.dropFirst(Self.headerLength(whole))))
            default:
                throw X509Error("content: neither an OCTET STRING nor a SEQUENCE")
            }
        }
    }

    /// The one element inside an explicit tag [0].
    private static func explicit(_ node: ASN1Node?, _ name: String) throws -> ASN1Node {
        guard let node else { throw X509Error("\(name): missing") }
        guard node.identifier == .contextSpecific(0) else { throw X509Error("\(name): not under its tag") }
        var nodes = try Certificate.children(node, name)
        let element = try nodes.required(name)
        try nodes.end(name)
        return element
    }

    /// The members of a set, each of which is a SEQUENCE.
    private static func members(of node: ASN1Node, _ tag: ASN1Identifier, _ name: String) throws -> [[UInt8]] {
        guard node.identifier == tag else { throw X509Error("\(name): not under their tag") }
        var members: [[UInt8]] = []
        var nodes = try Certificate.children(node, name)
        while let member = nodes.next() {
            guard member.identifier == .sequence else { throw X509Error("\(name): something else among them") }
            members.append(Array(member.encodedBytes))
        }
        return members
    }

    /// Octets of identifier and length; the identifier is one octet long.
    private static func headerLength(_ element: ArraySlice<UInt8>) -> Int {
        let length = element.dropFirst().first ?? 0
        return length < 0x80 ? 2 : 2 + Int(length & 0x7f)
    }
}

extension SignedData.ContentType {
    init(_ identifier: ASN1ObjectIdentifier) {
        switch identifier {
        case OID.data: self = .data
        case OID.pkiData: self = .pkiData
        default: self = .other(identifier.description)
        }
    }
}
