/// CMC's PKIData around one PKCS #10 request, as Windows' own enrollment client fills it (RFC 5272 § 3.2.1).
struct ManagementRequest: Sendable {
    let der: [UInt8]

    init(around request: CertificateRequest, from device: SimulatedDevice) {
        let tagged = DERWriter.value(.tagged0, DERWriter.value(.integer, [Self.bodyPart]) + request.der)
        self.der = DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.sequence, Self.clientInformation(of: device)),
                DERWriter.value(.sequence, tagged),
                DERWriter.value(.sequence, []),
                DERWriter.value(.sequence, []),
            ]
        )
    }

    /// The number by which the control refers to the request.
    private static let bodyPart: UInt8 = 1

    /// Microsoft's control that adds an attribute to a request: which program asks, and where it runs.
    private static func clientInformation(of device: SimulatedDevice) -> [UInt8] {
        let information = DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.integer, [5]),
                DERWriter.value(.utf8String, Array(device.name.utf8)),
                DERWriter.value(.utf8String, Array("NT AUTHORITY\\SYSTEM".utf8)),
                DERWriter.value(.utf8String, Array("taskhostw.exe".utf8)),
            ]
        )
        let addition = DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.integer, [0]),
                DERWriter.value(.sequence, DERWriter.value(.integer, [Self.bodyPart])),
                DERWriter.value(.set, DERWriter.attribute([1, 3, 6, 1, 4, 1, 311, 21, 20], information)),
            ]
        )
        return DERWriter.value(
            .sequence,
            of: [
                DERWriter.value(.integer, [2]),
                DERWriter.objectIdentifier([1, 3, 6, 1, 4, 1, 311, 10, 10, 1]),
                DERWriter.value(.set, addition),
            ]
        )
    }
}
