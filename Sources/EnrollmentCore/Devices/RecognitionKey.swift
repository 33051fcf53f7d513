/// Something a device claims by which the same hardware is recognised when it enrolls again.
///
/// A key recognises only together with the same user; it never moves a device to another user.
public enum RecognitionKey: Hashable, Sendable {
    /// Our own id, repeated by the device as `EmmDeviceId`.
    case device(DeviceID)
    /// `HWDevID`, lower case.
    case hardware(String)
    /// The client's `DeviceID`, lower case; only where no usable hardware id came.
    case enrollment(String)
}

extension DeviceClaims {
    /// The hardware id if it can tell machines apart: not empty and not one symbol repeated, as images and
    /// documentation carry it.
    public var usableHardwareID: String? {
        guard let claimed = self.hardwareID?.lowercased(), let first = claimed.first,
            claimed.contains(where: { $0 != first })
        else { return nil }
        return claimed
    }

    /// Whether a hardware id came that cannot tell machines apart; recorded as a conflict.
    public var hasPlaceholderHardwareID: Bool {
        self.hardwareID != nil && self.usableHardwareID == nil
    }

    /// The keys to look a returning device up by, strongest first: the hardware before our own id, which a copied
    /// disk repeats on other hardware.
    public var recognitionKeys: [RecognitionKey] {
        var keys: [RecognitionKey] = []
        if let hardware = self.usableHardwareID { keys.append(.hardware(hardware)) }
        if let own = self.managementDeviceID { keys.append(.device(own)) }
        if self.usableHardwareID == nil && !self.deviceID.isEmpty {
            keys.append(.enrollment(self.deviceID.lowercased()))
        }
        return keys
    }
}
