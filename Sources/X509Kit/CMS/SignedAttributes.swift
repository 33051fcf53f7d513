internal import SwiftASN1

/// The attributes that a signature covers in place of the content (RFC 5652 § 5.3 and § 11).
public struct SignedAttributes: Hashable, Sendable {
    /// What the signature is over: the received octets, with the tag of a SET OF in place of [0] (RFC 5652 § 5.4).
    ///
    /// They are not sorted anew: what is verified is what was read.
    public let signedOctets: [UInt8]
    public let contentType: SignedData.ContentType
    /// The digest of ``SignedData/digestedContent``.
    public let messageDigest: [UInt8]
    /// DER of the certificate to be renewed, where Microsoft's attribute for it is among them.
    public let renewalCertificate: [UInt8]?

    /// - Parameter node: The attributes under their tag [0].
    /// - Throws: ``X509Error`` when one that has to be there is not, or more than once.
    init(node: ASN1Node) throws {
        let attributes = try Attribute.list(in: node, "signed attributes")
        guard let type = try attributes.value(of: OID.contentType, "content type"),
            let digest = try attributes.value(of: OID.messageDigest, "message digest")
        else { throw X509Error("signed attributes: no content type, or no message digest") }
        self.contentType = SignedData.ContentType(try ASN1ObjectIdentifier(derEncoded: type))
        self.messageDigest = Array(try ASN1OctetString(derEncoded: digest).bytes)
        let renewed = try attributes.value(of: OID.renewalCertificate, "renewal certificate")
        self.renewalCertificate = renewed.map { Array($0.encodedBytes) }
        self.signedOctets = [0x31] + node.encodedBytes.dropFirst()
    }
}
