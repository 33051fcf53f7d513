internal import SwiftASN1

extension CertificateBody {
    /// Writes the extensions that have something to say, in one fixed order.
    func serializeExtensions(into coder: inout DER.Serializer) throws {
        try coder.appendExtension(OID.basicConstraints, critical: true) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                if case .authority(let pathLength) = self.constraint {
                    try coder.serialize(true)
                    if let pathLength { try coder.serialize(pathLength) }
                }
            }
        }
        try coder.appendExtension(OID.keyUsage, critical: true) { try $0.serialize(self.keyUsageBits) }
        if !self.purposes.isEmpty {
            try coder.appendExtension(OID.extendedKeyUsage, critical: false) { coder in
                try coder.serializeSequenceOf(self.purposes.map(\.identifier))
            }
        }
        try coder.appendExtension(OID.subjectKeyIdentifier, critical: false) { coder in
            try coder.serialize(ASN1OctetString(contentBytes: self.subjectKeyIdentifier[...]))
        }
        if let identifier = self.authorityKeyIdentifier {
            try coder.appendExtension(OID.authorityKeyIdentifier, critical: false) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.serialize(ASN1OctetString(contentBytes: identifier[...]), as: 0)
                }
            }
        }
        if !self.alternativeNames.isEmpty {
            try coder.appendExtension(OID.subjectAlternativeName, critical: false) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for name in self.alternativeNames { try name.serialize(into: &coder) }
                }
            }
        }
        try self.serializeLocations(into: &coder)
        if self.isOCSPResponder {
            try coder.appendExtension(OID.ocspNoCheck, critical: false) { try $0.serialize(ASN1Null()) }
        }
        if let identifier = self.securityIdentifier {
            try coder.appendExtension(OID.securityExtension, critical: false) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    let octets = ASN1OctetString(contentBytes: Array(identifier.utf8)[...])
                    try GeneralName.serializeOtherName(OID.securityIdentifier, octets, into: &coder)
                }
            }
        }
    }

    /// Where the CRL, the OCSP responder and the issuer's certificate are (RFC 5280 § 4.2.1.13, § 4.2.2.1).
    private func serializeLocations(into coder: inout DER.Serializer) throws {
        if !self.crlURLs.isEmpty {
            try coder.appendExtension(OID.crlDistributionPoints, critical: false) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for url in self.crlURLs {
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                                try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
                                    try GeneralName.uri(url).serialize(into: &coder)
                                }
                            }
                        }
                    }
                }
            }
        }
        let accesses = [
            (OID.accessOCSP, self.ocspURL), (OID.accessIssuers, self.issuerURL),
            (OID.accessIssuers, self.issuerBundleURL),
        ]
        if accesses.contains(where: { $0.1 != nil }) {
            try coder.appendExtension(OID.authorityInformationAccess, critical: false) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for (method, url) in accesses {
                        guard let url else { continue }
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            try coder.serialize(method)
                            try GeneralName.uri(url).serialize(into: &coder)
                        }
                    }
                }
            }
        }
    }

    /// A named bit list: trailing zero bits are left out (X.690 § 11.2.2).
    private var keyUsageBits: ASN1BitString {
        var octets: [UInt8] = [0, 0]
        for bit in 0..<9 where self.keyUsage & 1 << bit != 0 {
            octets[bit / 8] |= 0x80 >> UInt8(bit % 8)
        }
        if octets[1] == 0 { octets.removeLast() }
        return ASN1BitString(bytes: octets[...], paddingBits: octets.last?.trailingZeroBitCount ?? 0)
    }
}

extension CertificateBody.Purpose {
    var identifier: ASN1ObjectIdentifier {
        switch self {
        case .clientAuth: OID.clientAuth
        case .serverAuth: OID.serverAuth
        case .ocspSigning: OID.ocspSigning
        }
    }
}

extension DER.Serializer {
    /// Writes one Extension (RFC 5280 § 4.1); FALSE is the default and never written.
    mutating func appendExtension(
        _ identifier: ASN1ObjectIdentifier,
        critical: Bool,
        _ value: (inout DER.Serializer) throws -> Void
    ) throws {
        try self.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(identifier)
            if critical { try coder.serialize(true) }
            var inner = DER.Serializer()
            try value(&inner)
            try coder.serialize(ASN1OctetString(contentBytes: inner.serializedBytes[...]))
        }
    }
}
