internal import ServiceRuntime

/// The part of an identity that is neither key nor certificate, as a JSON document.
enum IdentityFacts {
    private static let schema = "gatehouse.identity/1"

    static func text(of identity: DeviceIdentity) -> String {
        let device = identity.device
        let members: [(String, String)] = [
            ("schema", self.quoted(self.schema)),
            ("entDMID", self.quoted(identity.entDMID)),
            ("providerID", self.quoted(identity.providerID)),
            ("user", self.quoted(identity.user)),
            ("enrollmentType", self.quoted(identity.enrollmentType.rawValue)),
            ("discoveryAddress", self.quoted(identity.discoveryAddress)),
            ("enrollmentAddress", self.quoted(identity.enrollmentAddress)),
            ("renewals", String(identity.renewals)),
            ("deviceID", self.quoted(device.deviceID)),
            ("hardwareID", self.quoted(device.hardwareID)),
            ("name", self.quoted(device.name)),
            ("serialNumber", self.quoted(device.serialNumber)),
            ("requestIdentifier", self.quoted(device.requestIdentifier)),
            ("networkAddresses", "[\(device.networkAddresses.map(self.quoted).joined(separator: ", "))]"),
        ]
        return "{\n" + members.map { "  \"\($0)\": \($1)" }.joined(separator: ",\n") + "\n}\n"
    }

    /// Reads what ``text(of:)`` wrote, and puts the rest of the identity beside it.
    static func identity(
        reading text: String,
        file: String,
        certificates: (leaf: [UInt8], issuers: [[UInt8]], roots: [[UInt8]], intermediates: [[UInt8]]),
        key: DeviceKey,
        document: [UInt8],
        accountDocument: [UInt8]?
    ) throws(SettingsError) -> DeviceIdentity {
        let reader = try SettingsReader(parsing: text, file: file)
        let schema = try reader.requiredString("schema")
        guard schema == self.schema else { throw reader.error("schema", "\(self.schema) is expected") }
        guard let type = try reader.choice("enrollmentType", DeviceProfile.EnrollmentType.self) else {
            throw reader.missing("enrollmentType")
        }
        let identity = DeviceIdentity(
            device: SimulatedDevice(
                deviceID: try reader.requiredString("deviceID"),
                hardwareID: try reader.requiredString("hardwareID"),
                name: try reader.requiredString("name"),
                serialNumber: try reader.requiredString("serialNumber"),
                networkAddresses: try reader.strings("networkAddresses"),
                requestIdentifier: try reader.requiredString("requestIdentifier")
            ),
            enrollmentType: type,
            user: try reader.requiredString("user"),
            discoveryAddress: try reader.requiredString("discoveryAddress"),
            enrollmentAddress: try reader.requiredString("enrollmentAddress"),
            entDMID: try reader.requiredString("entDMID"),
            providerID: try reader.requiredString("providerID"),
            certificate: certificates.leaf,
            issuers: certificates.issuers,
            roots: certificates.roots,
            intermediates: certificates.intermediates,
            key: key,
            document: document,
            accountDocument: accountDocument,
            renewals: try reader.requiredInteger("renewals", in: 0...Int(Int32.max))
        )
        try reader.finish()
        return identity
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 32 || scalar.value == 127:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
