/// A PKCS #10 request of the shape Windows sends (RFC 2986), in DER.
struct CertificateRequest: Sendable {
    let der: [UInt8]

    /// Builds and signs one.
    ///
    /// - Parameters:
    ///   - device: Whose name it asks for.
    ///   - key: The key to be certified.
    ///   - variation: How it departs from the ordinary.
    ///   - current: The certificate to be renewed, DER, named in an attribute ([MS-WCCE] § 2.2.2.7.3); `nil` names none.
    /// - Throws: ``SimulationFailure`` when the key does not sign.
    init(
        for device: SimulatedDevice,
        key: DeviceKey,
        variation: RequestVariation,
        renewing current: [UInt8]? = nil
    ) throws(SimulationFailure) {
        var attributes = [Self.extensionRequest(of: device, as: variation)]
        if let current { attributes.append(DERWriter.attribute([1, 3, 6, 1, 4, 1, 311, 13, 1], current)) }
        let information = DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.integer, [0]),
                Self.subject(of: device, as: variation),
                key.publicKeyInfo,
                DERWriter.sorted(.tagged0, of: attributes),
            ]
        )
        var signature = try key.sign(information)
        if variation == .brokenSignature { signature[signature.count / 2] ^= 1 }
        self.der = DERWriter.value(
            .sequence,
            of: [information, key.signatureAlgorithm, DERWriter.bitString(signature)]
        )
    }

    private static func subject(of device: SimulatedDevice, as variation: RequestVariation) -> [UInt8] {
        let octets = Array(device.requestedCommonName.utf8)
        let name =
            variation == .printableString
            ? DERWriter.value(.printableString, octets + [0]) : DERWriter.value(.utf8String, octets)
        let attribute = DERWriter.value(.sequence, of: [DERWriter.objectIdentifier([2, 5, 4, 3]), name])
        return DERWriter.value(.sequence, of: [DERWriter.value(.set, attribute)])
    }

    /// The attribute `extensionRequest` (RFC 2985 § 5.4.2).
    private static func extensionRequest(of device: SimulatedDevice, as variation: RequestVariation) -> [UInt8] {
        let clientAuthentication = DERWriter.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 3, 2])
        var extensions = [
            Self.extension([2, 5, 29, 37], DERWriter.value(.sequence, clientAuthentication)),
            // Microsoft's own: the DeviceID as text, closed by a NUL, with no ASN.1 around it.
            Self.extension([1, 3, 6, 1, 4, 1, 311, 66, 1, 0], Array(device.deviceID.utf8) + [0]),
        ]
        if variation == .certificateAuthority {
            extensions.append(
                Self.extension([2, 5, 29, 19], DERWriter.value(.sequence, DERWriter.value(.boolean, [0xFF])))
            )
        }
        if variation == .extraNames {
            let name = DERWriter.value(.dnsName, Array("enterpriseenrollment.example.test".utf8))
            extensions.append(Self.extension([2, 5, 29, 17], DERWriter.value(.sequence, name)))
        }
        let list = DERWriter.value(.sequence, of: extensions)
        return DERWriter.attribute([1, 2, 840, 113549, 1, 9, 14], list)
    }

    private static func `extension`(_ identifier: [UInt], _ value: [UInt8]) -> [UInt8] {
        DERWriter.value(
            .sequence,
            of: [DERWriter.objectIdentifier(identifier), DERWriter.value(.octetString, value)]
        )
    }
}
