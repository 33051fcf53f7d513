internal import EnrollmentCore

extension CertificateTable {
    /// How the identity was proven and what the device claimed, as it was when the intent was recorded.
    static func evidence(_ credentialKind: String, of user: DirectoryUser, _ claims: DeviceClaims) -> [UInt8] {
        var writer = FieldWriter()
        writer.append(credentialKind)
        writer.append(user.id)
        writer.append(user.principalName)
        writer.append(user.source)
        writer.append(claims.deviceID)
        writer.append(claims.enrollmentType.rawValue)
        for item in claims.items {
            writer.append(item.name)
            writer.append(item.value)
        }
        return writer.octets
    }

    /// What ``evidence(_:of:_:)`` put together.
    struct Evidence {
        let credentialKind: String
        let userID: String
        let principalName: String
        let source: String
        let claims: DeviceClaims
    }

    /// Takes evidence apart; `nil` for a certificate that is no device's and has none.
    static func readEvidence(_ octets: [UInt8]) throws(EnrollmentError) -> Evidence? {
        guard !octets.isEmpty else { return nil }
        var reader = FieldReader(octets)
        let credentialKind = try reader.text()
        let userID = try reader.text()
        let principalName = try reader.text()
        let source = try reader.text()
        let deviceID = try reader.text()
        guard let type = EnrollmentType(rawValue: try reader.text()) else { throw .unreadable("a device's claims") }
        var items: [DeviceClaims.Item] = []
        while !reader.isAtEnd { items.append(DeviceClaims.Item(name: try reader.text(), value: try reader.text())) }
        return Evidence(
            credentialKind: credentialKind,
            userID: userID,
            principalName: principalName,
            source: source,
            claims: DeviceClaims(deviceID: deviceID, enrollmentType: type, items: items)
        )
    }
}
