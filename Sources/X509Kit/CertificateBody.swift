internal import SwiftASN1

/// A TBSCertificate (RFC 5280 § 4.1.2) about to be encoded.
public struct CertificateBody: Hashable, Sendable {
    /// Extended key usages this authority writes.
    public enum Purpose: Hashable, Sendable {
        case clientAuth
        case serverAuth
        case ocspSigning
    }

    public enum Constraint: Hashable, Sendable {
        case endEntity
        case authority(pathLength: Int?)
    }

    /// Big-endian, positive, at most 20 octets.
    public var serialNumber: [UInt8]
    public var scheme: SignatureScheme
    /// The issuer's subject, octet for octet.
    public var issuer: [UInt8]
    /// Seconds since 1970.
    public var notBefore: Int64
    /// Seconds since 1970; the last second that is still valid.
    public var notAfter: Int64
    /// DER of the Name.
    public var subject: [UInt8]
    /// DER, octet for octet.
    public var publicKeyInfo: [UInt8]
    public var constraint: Constraint
    /// Bits by their numbers in RFC 5280 § 4.2.1.3: bit 0 is digitalSignature.
    public var keyUsage: UInt16
    public var purposes: [Purpose]
    public var alternativeNames: [GeneralName]
    public var authorityKeyIdentifier: [UInt8]?
    public var subjectKeyIdentifier: [UInt8]
    public var crlURLs: [String]
    public var ocspURL: String?
    public var issuerURL: String?
    /// Where every certificate of the issuer's is, in one CMS message (RFC 5280 § 4.2.2.1: `.p7c`).
    public var issuerBundleURL: String?
    /// `S-1-5-…` for Microsoft's SID extension.
    public var securityIdentifier: String?

    /// Whether it is for signing OCSP answers: then nobody is to ask whether it is revoked itself (RFC 6960
    /// § 4.2.2.2.1), which could only be answered with itself.
    var isOCSPResponder: Bool { self.purposes == [.ocspSigning] }

    public init(
        serialNumber: [UInt8],
        scheme: SignatureScheme,
        issuer: [UInt8],
        notBefore: Int64,
        notAfter: Int64,
        subject: [UInt8],
        publicKeyInfo: [UInt8],
        constraint: Constraint,
        keyUsage: UInt16,
        purposes: [Purpose],
        alternativeNames: [GeneralName],
        authorityKeyIdentifier: [UInt8]?,
        subjectKeyIdentifier: [UInt8],
        crlURLs: [String],
        ocspURL: String?,
        issuerURL: String?,
        securityIdentifier: String?,
        issuerBundleURL: String? = nil
    ) {
        self.serialNumber = serialNumber
        self.scheme = scheme
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.subject = subject
        self.publicKeyInfo = publicKeyInfo
        self.constraint = constraint
        self.keyUsage = keyUsage
        self.purposes = purposes
        self.alternativeNames = alternativeNames
        self.authorityKeyIdentifier = authorityKeyIdentifier
        self.subjectKeyIdentifier = subjectKeyIdentifier
        self.crlURLs = crlURLs
        self.ocspURL = ocspURL
        self.issuerURL = issuerURL
        self.issuerBundleURL = issuerBundleURL
        self.securityIdentifier = securityIdentifier
    }

    /// The to-be-signed octets.
    ///
    /// - Throws: ``X509Error`` when a value has no encoding: an address of five octets, a URI outside ASCII.
    public func encoded() throws(X509Error) -> [UInt8] {
        try asX509Error("certificate") {
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(2, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
                coder.appendPrimitiveNode(identifier: .integer) { $0.append(contentsOf: self.serialNumber) }
                try self.scheme.serialize(into: &coder)
                coder.serializeRawBytes(self.issuer)
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try CertificateTime.serialize(self.notBefore, into: &coder)
                    try CertificateTime.serialize(self.notAfter, into: &coder)
                }
                coder.serializeRawBytes(self.subject)
                coder.serializeRawBytes(self.publicKeyInfo)
                try coder.appendConstructedNode(identifier: .contextSpecific(3)) { coder in
                    try coder.appendConstructedNode(identifier: .sequence) { try self.serializeExtensions(into: &$0) }
                }
            }
            return coder.serializedBytes
        }
    }

    /// A Certificate (RFC 5280 § 4.1.1) from signed octets and their signature.
    public static func certificate(
        toBeSigned: [UInt8],
        scheme: SignatureScheme,
        signature: [UInt8]
    ) throws(X509Error) -> [UInt8] {
        try asX509Error("certificate") {
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(toBeSigned)
                try scheme.serialize(into: &coder)
                try coder.serialize(ASN1BitString(bytes: signature[...]))
            }
            return coder.serializedBytes
        }
    }
}
