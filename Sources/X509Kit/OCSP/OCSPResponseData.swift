internal import SwiftASN1

/// What a responder says about certificates (RFC 6960 § 4.2.1), about to be encoded.
public struct OCSPResponseData: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        case good
        /// Seconds since 1970, and why.
        case revoked(at: Int64, reason: CRLReason)
        case unknown
    }

    /// The answer about one certificate.
    public struct Single: Hashable, Sendable {
        public var certificateID: OCSPCertificateID
        public var status: Status
        /// Seconds since 1970 at which this was known to be so.
        public var thisUpdate: Int64
        /// Seconds since 1970 until which it may be relied on.
        public var nextUpdate: Int64

        public init(certificateID: OCSPCertificateID, status: Status, thisUpdate: Int64, nextUpdate: Int64) {
            self.certificateID = certificateID
            self.status = status
            self.thisUpdate = thisUpdate
            self.nextUpdate = nextUpdate
        }
    }

    /// SHA-1 over the bits of the responder's public key, 20 octets.
    public var responderKeyHash: [UInt8]
    /// Seconds since 1970.
    public var producedAt: Int64
    public var singles: [Single]
    /// The asker's nonce, repeated.
    public var nonce: [UInt8]?

    public init(responderKeyHash: [UInt8], producedAt: Int64, singles: [Single], nonce: [UInt8]? = nil) {
        self.responderKeyHash = responderKeyHash
        self.producedAt = producedAt
        self.singles = singles
        self.nonce = nonce
    }

    /// The octets to be signed.
    public func encoded() throws(X509Error) -> [UInt8] {
        try asX509Error("OCSP response") {
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.appendConstructedNode(identifier: .contextSpecific(2)) { coder in
                    try coder.serialize(ASN1OctetString(contentBytes: self.responderKeyHash[...]))
                }
                try Self.serializeTime(self.producedAt, into: &coder)
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for single in self.singles { try single.serialize(into: &coder) }
                }
                if let nonce = self.nonce {
                    try coder.appendConstructedNode(identifier: .contextSpecific(1)) { coder in
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            try coder.appendExtension(OID.ocspNonce, critical: false) { coder in
                                try coder.serialize(ASN1OctetString(contentBytes: nonce[...]))
                            }
                        }
                    }
                }
            }
            return coder.serializedBytes
        }
    }

    /// An OCSPResponse with a BasicOCSPResponse inside, from signed octets and their signature.
    ///
    /// - Parameters:
    ///   - octets: What ``encoded()`` gave.
    ///   - scheme: How they were signed.
    ///   - signature: What came of it.
    ///   - certificates: DER each, the responder's first.
    /// - Returns: DER.
    /// - Throws: ``X509Error`` when there is no encoding.
    public static func response(
        toBeSigned octets: [UInt8],
        scheme: SignatureScheme,
        signature: [UInt8],
        certificates: [[UInt8]]
    ) throws(X509Error) -> [UInt8] {
        try asX509Error("OCSP response") {
            var basic = DER.Serializer()
            try basic.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(octets)
                try scheme.serialize(into: &coder)
                try coder.serialize(ASN1BitString(bytes: signature[...]))
                if !certificates.isEmpty {
                    coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                        coder.appendConstructedNode(identifier: .sequence) { coder in
                            for certificate in certificates { coder.serializeRawBytes(certificate) }
                        }
                    }
                }
            }
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.appendPrimitiveNode(identifier: .enumerated) { $0.append(0) }
                try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try coder.serialize(OID.ocspBasic)
                        try coder.serialize(ASN1OctetString(contentBytes: basic.serializedBytes[...]))
                    }
                }
            }
            return coder.serializedBytes
        }
    }

    /// Always GeneralizedTime (RFC 6960 § 4.2.2.1), unlike in certificates.
    fileprivate static func serializeTime(_ seconds: Int64, into coder: inout DER.Serializer) throws {
        try coder.serialize(try CertificateTime.generalized(seconds))
    }
}

extension OCSPResponseData.Single {
    fileprivate func serialize(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            coder.serializeRawBytes(self.certificateID.der)
            switch self.status {
            case .good: coder.appendPrimitiveNode(identifier: .contextSpecific(0)) { _ in }
            case .unknown: coder.appendPrimitiveNode(identifier: .contextSpecific(2)) { _ in }
            case .revoked(let moment, let reason):
                try coder.appendConstructedNode(identifier: .contextSpecific(1)) { coder in
                    try OCSPResponseData.serializeTime(moment, into: &coder)
                    guard reason != .unspecified else { return }
                    coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                        coder.appendPrimitiveNode(identifier: .enumerated) { $0.append(reason.rawValue) }
                    }
                }
            }
            try OCSPResponseData.serializeTime(self.thisUpdate, into: &coder)
            try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                try OCSPResponseData.serializeTime(self.nextUpdate, into: &coder)
            }
        }
    }
}
