internal import SwiftASN1

/// A PKCS #10 CertificationRequest (RFC 2986), read as far as issuing needs it.
///
/// The subject and the attributes are checked to be DER and not looked into: nothing of them enters a certificate, and
/// Windows writes names there that strict decoders refuse (a PrintableString with `!` and a trailing NUL). What a renewal
/// says of itself in the attributes is read when it is asked for.
public struct CertificationRequest: Hashable, Sendable {
    /// The exact octets of CertificationRequestInfo, over which the signature is.
    public let info: [UInt8]
    public let publicKeyInfo: PublicKeyInfo
    public let scheme: SignatureScheme
    public let signature: [UInt8]
    /// What stands under the tag of the attributes, or another one of its class; `nil` when nothing does.
    let attributes: ASN1Node?

    /// Reads exactly one request; its signature is not checked here.
    ///
    /// - Throws: ``X509Error`` that says what is not as it should be.
    public init(der: [UInt8]) throws(X509Error) {
        self = try asX509Error("certification request") {
            try DER.sequence(try StrictDER.parse(der), identifier: .sequence) { nodes in
                guard let info = nodes.next() else { throw X509Error("certification request: empty") }
                guard let algorithm = nodes.next() else {
                    throw X509Error("certification request: no signature algorithm")
                }
                let signature = try ASN1BitString(derEncoded: &nodes)
                guard signature.paddingBits == 0 else {
                    throw X509Error("certification request: the signature's bits are not whole octets")
                }
                let (publicKeyInfo, attributes) = try Self.fields(of: info)
                return Self(
                    info: Array(info.encodedBytes),
                    publicKeyInfo: publicKeyInfo,
                    attributes: attributes,
                    scheme: try SignatureScheme(node: algorithm),
                    signature: Array(signature.bytes)
                )
            }
        }
    }

    private init(
        info: [UInt8],
        publicKeyInfo: PublicKeyInfo,
        attributes: ASN1Node?,
        scheme: SignatureScheme,
        signature: [UInt8]
    ) {
        self.info = info
        self.publicKeyInfo = publicKeyInfo
        self.attributes = attributes
        self.scheme = scheme
        self.signature = signature
    }

    private static func fields(of info: ASN1Node) throws -> (PublicKeyInfo, attributes: ASN1Node?) {
        try DER.sequence(info, identifier: .sequence) { nodes in
            let version = try Int(derEncoded: &nodes)
            guard version == 0 else { throw X509Error("certification request: version \(version) is not 0") }
            guard let subject = nodes.next(), subject.identifier == .sequence else {
                throw X509Error("certification request: no subject")
            }
            guard let key = nodes.next() else { throw X509Error("certification request: no public key") }
            // Attributes [0] are mandatory in the standard and left out by some clients.
            let attributes = nodes.next()
            if let attributes, attributes.identifier.tagClass != .contextSpecific {
                throw X509Error("certification request: something else where its attributes belong")
            }
            return (try PublicKeyInfo(node: key), attributes)
        }
    }
}
