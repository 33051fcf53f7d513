internal import SwiftASN1

/// What a CRL says besides its entries (RFC 5280 § 5): always version 2, always one shard of its issuer's.
public struct RevocationListBody: Hashable, Sendable {
    public var scheme: SignatureScheme
    /// The issuer's subject, octet for octet.
    public var issuer: [UInt8]
    public var authorityKeyIdentifier: [UInt8]
    /// 1 or more; of two CRLs of a shard the later has the higher one.
    public var number: Int64
    /// Seconds since 1970.
    public var thisUpdate: Int64
    /// Seconds since 1970; readers take the CRL until then.
    public var nextUpdate: Int64
    /// Seconds since 1970: when Windows is to look for the next one, well before this one ends; `nil` leaves
    /// Microsoft's extension 1.3.6.1.4.1.311.21.4 out.
    public var nextPublish: Int64?
    /// The URL of this shard, exactly as the certificates on it name it.
    public var distributionPoint: String

    public init(
        scheme: SignatureScheme,
        issuer: [UInt8],
        authorityKeyIdentifier: [UInt8],
        number: Int64,
        thisUpdate: Int64,
        nextUpdate: Int64,
        nextPublish: Int64?,
        distributionPoint: String
    ) {
        self.scheme = scheme
        self.issuer = issuer
        self.authorityKeyIdentifier = authorityKeyIdentifier
        self.number = number
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.nextPublish = nextPublish
        self.distributionPoint = distributionPoint
    }

    /// What stands before the entries inside TBSCertList: version, algorithm, issuer, times.
    func head() throws -> [UInt8] {
        var coder = DER.Serializer()
        try coder.serialize(1)
        try self.scheme.serialize(into: &coder)
        coder.serializeRawBytes(self.issuer)
        try CertificateTime.serialize(self.thisUpdate, into: &coder)
        try CertificateTime.serialize(self.nextUpdate, into: &coder)
        return coder.serializedBytes
    }

    /// What stands after them: the extensions.
    func tail() throws -> [UInt8] {
        guard self.number > 0 else { throw X509Error("CRL number: \(self.number) is not positive") }
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { try self.serializeExtensions(into: &$0) }
        }
        return coder.serializedBytes
    }

    private func serializeExtensions(into coder: inout DER.Serializer) throws {
        try coder.appendExtension(OID.authorityKeyIdentifier, critical: false) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(ASN1OctetString(contentBytes: self.authorityKeyIdentifier[...]), as: 0)
            }
        }
        // Unsigned: the library writes a signed 128 as one octet, which is -128.
        try coder.appendExtension(OID.crlNumber, critical: false) { try $0.serialize(UInt64(self.number)) }
        // Critical (RFC 5280 § 5.2.5): a reader that does not know that this is a part must not take it for the whole.
        try coder.appendExtension(OID.issuingDistributionPoint, critical: true) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                    try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                        try GeneralName.uri(self.distributionPoint).serialize(into: &coder)
                    }
                }
            }
        }
        if let nextPublish = self.nextPublish {
            try coder.appendExtension(OID.crlNextPublish, critical: false) { coder in
                try CertificateTime.serialize(nextPublish, into: &coder)
            }
        }
    }
}
