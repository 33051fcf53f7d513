internal import OpenSSLKit

/// A CMS SignedData with one signer, who is named by issuer and serial number (RFC 5652 § 5), in DER.
struct SignedMessage: Sendable {
    /// What the message holds.
    enum Content: Hashable, Sendable {
        /// `id-data`: any octets.
        case data
        /// `id-cct-PKIData` of CMC (RFC 5272 § 3.2.1).
        case pkiData

        var identifier: [UInt] {
            switch self {
            case .data: [1, 2, 840, 113549, 1, 7, 1]
            case .pkiData: [1, 3, 6, 1, 5, 5, 7, 12, 2]
            }
        }

        /// RFC 5652 § 5.1: 3 where the content is not plain data.
        var version: UInt8 { self == .data ? 1 : 3 }
    }

    let der: [UInt8]

    /// Signs `content` with SHA-256; the signer's certificate travels along.
    ///
    /// - Throws: ``SimulationFailure`` when the key does not sign.
    init(
        _ content: [UInt8],
        as type: Content,
        signedBy key: DeviceKey,
        certificate: IssuedCertificate
    ) throws(SimulationFailure) {
        let contentType = DERWriter.objectIdentifier(type.identifier)
        let attributes = [
            DERWriter.attribute([1, 2, 840, 113549, 1, 9, 3], contentType),
            DERWriter.attribute(
                [1, 2, 840, 113549, 1, 9, 4],
                DERWriter.value(.octetString, try Self.digest(of: content))
            ),
        ]
        // Signed as a SET OF, sent under [0] (RFC 5652 § 5.4).
        let signature = try key.sign(DERWriter.sorted(.set, of: attributes))
        let signer = DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.integer, [1]),
                DERWriter.value(
                    .sequence,
                    of: [certificate.issuer, DERWriter.unsigned(certificate.serialNumber)]
                ),
                Self.sha256,
                DERWriter.sorted(.tagged0, of: attributes),
                key.messageSignatureAlgorithm,
                DERWriter.value(.octetString, signature),
            ]
        )
        let message = DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.integer, [type.version]),
                DERWriter.value(.set, Self.sha256),
                DERWriter.value(
                    .sequence,
                    of: [contentType, DERWriter.value(.tagged0, DERWriter.value(.octetString, content))]
                ),
                DERWriter.value(.tagged0, certificate.der),
                DERWriter.value(.set, signer),
            ]
        )
        self.der = DERWriter.value(
            .sequence,
            of: [
                DERWriter.objectIdentifier([1, 2, 840, 113549, 1, 7, 2]),
                DERWriter.value(.tagged0, message),
            ]
        )
    }

    private static let sha256 = DERWriter.value(
        .sequence,
        of: [DERWriter.objectIdentifier([2, 16, 840, 1, 101, 3, 4, 2, 1]), [0x05, 0x00]]
    )

    private static func digest(of content: [UInt8]) throws(SimulationFailure) -> [UInt8] {
        do throws(OpenSSLError) {
            return try Digest.sha256(content)
        } catch {
            throw .local("the message cannot be digested: \(error)")
        }
    }
}
