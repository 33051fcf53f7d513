internal import SwiftASN1

extension CertificationRequest {
    /// DER of the certificate that the request says it renews; `nil` when it does not say so.
    ///
    /// Microsoft's attribute szOID_RENEWAL_CERTIFICATE ([MS-WCCE] § 2.2.2.7.3).
    ///
    /// - Throws: ``X509Error`` when the attributes are not a set of attributes, or name several certificates.
    public func renewalCertificate() throws(X509Error) -> [UInt8]? {
        guard let attributes = self.attributes else { return nil }
        return try asX509Error("attributes") {
            let value = try Attribute.list(in: attributes, "attributes")
                .value(of: OID.renewalCertificate, "renewal certificate")
            return value.map { Array($0.encodedBytes) }
        }
    }

    /// The name of the provider that made the key, as the request claims: `Microsoft Platform Crypto Provider`.
    ///
    /// Microsoft's attribute szOID_ENROLLMENT_CSP_PROVIDER ([MS-WCCE] § 2.2.2.7.2), a claim that nothing proves. `nil`
    /// when there is none, or it cannot be read: Windows writes odd strings, and a claim is not worth a refusal.
    public var providerName: String? {
        guard let attributes = self.attributes, let list = try? Attribute.list(in: attributes, "attributes"),
            let value = try? list.value(of: OID.enrollmentProvider, "provider"),
            value.identifier == .sequence, case .constructed(let fields) = value.content
        else { return nil }
        var iterator = fields.makeIterator()
        guard iterator.next()?.identifier == .integer, let name = iterator.next() else { return nil }
        return Self.text(ofBMPString: name)
    }

    /// Whether octets are a request that names id-alg-noSignature where its signature algorithm belongs.
    ///
    /// CMC allows that (RFC 5272 appendix C.2), and leaves the proof of possession to others. `false` for octets that are
    /// no request.
    public static func isUnsigned(der: [UInt8]) -> Bool {
        guard let node = try? StrictDER.parse(der), node.identifier == .sequence,
            case .constructed(let fields) = node.content
        else { return false }
        var iterator = fields.makeIterator()
        guard iterator.next() != nil, let algorithm = iterator.next(), algorithm.identifier == .sequence,
            case .constructed(let parts) = algorithm.content
        else { return false }
        var part = parts.makeIterator()
        return part.next().flatMap { try? ASN1ObjectIdentifier(derEncoded: $0) } == OID.noSignature
    }

    /// Text of a BMPString (UTF-16, big-endian), without the NULs that Windows puts behind it.
    private static func text(ofBMPString node: ASN1Node) -> String? {
        guard node.identifier == ASN1Identifier(tagWithNumber: 30, tagClass: .universal),
            case .primitive(let octets) = node.content, octets.count.isMultiple(of: 2)
        else { return nil }
        let units = stride(from: octets.startIndex, to: octets.endIndex, by: 2).map { index in
            UInt16(octets[index]) << 8 | UInt16(octets[index + 1])
        }
        let written = units.prefix { $0 != 0 }
        guard !written.isEmpty, units.dropFirst(written.count).allSatisfy({ $0 == 0 }) else { return nil }
        return String(validating: written, as: UTF16.self)
    }
}
