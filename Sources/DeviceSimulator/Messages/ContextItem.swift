/// One fact a device states about itself in its request.
struct ContextItem: Hashable, Sendable {
    let name: String
    let value: String

    private init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// All facts, in the order of Windows 11 25H2.
    ///
    /// - Parameters:
    ///   - device: Who speaks.
    ///   - profile: What it runs.
    ///   - announced: The `EnrollmentVersion` of discovery's answer. 5.0 is repeated; with any other, 25H2 says its own and
    ///     adds why it attests nothing.
    /// - Returns: 31 items with 13 network cards, as captured from a real device.
    static func all(of device: SimulatedDevice, profile: DeviceProfile, announced: String) -> [ContextItem] {
        let attests = announced == "5.0"
        var items = [
            ContextItem("UXInitiated", "True"),
            ContextItem("HWDevID", device.hardwareID),
            ContextItem("Locale", profile.locale),
            ContextItem("TargetedUserLoggedIn", "True"),
            ContextItem("OSEdition", String(profile.osEdition)),
            ContextItem("DeviceName", device.name),
        ]
        items += device.networkAddresses.map { ContextItem("MAC", $0) }
        items += [
            ContextItem("DeviceID", device.deviceID),
            ContextItem("EnrollmentType", profile.enrollmentType.rawValue),
            ContextItem("DeviceType", profile.deviceType),
            ContextItem("OSVersion", profile.osVersion),
            ContextItem("ApplicationVersion", profile.applicationVersion),
            ContextItem("NotInOobe", "false"),
            ContextItem("Manufacturer", profile.manufacturer),
            ContextItem("DeviceModel", profile.model),
            ContextItem("SerialNumber", device.serialNumber),
            ContextItem("RequestVersion", attests ? announced : profile.requestVersion),
        ]
        guard !attests else { return items }
        return items + [
            ContextItem(
                "AttestationStatus",
                "Status=AttestationResultNoAttestation;AttestationErrorMsg=No AIK algorithms provided"
            ),
            ContextItem("AttestationStatusHResult", "0x80070057"),
        ]
    }

    /// The facts of a renewal ([MS-MDE2] § 3.5): who and what it is, no word about attestation or how it began.
    static func renewal(of device: SimulatedDevice, profile: DeviceProfile) -> [ContextItem] {
        [
            ContextItem("OSEdition", String(profile.osEdition)),
            ContextItem("OSVersion", profile.osVersion),
            ContextItem("DeviceName", device.name),
            ContextItem("EnrollmentType", profile.enrollmentType.rawValue),
            ContextItem("DeviceType", profile.deviceType),
            ContextItem("ApplicationVersion", profile.applicationVersion),
            ContextItem("DeviceID", device.deviceID),
            ContextItem("Locale", profile.locale),
            ContextItem("HWDevID", device.hardwareID),
        ] + device.networkAddresses.map { ContextItem("MAC", $0) }
    }
}
