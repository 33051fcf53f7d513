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
        self.hardwareID.flatMap { Self.usable($0) }
    }

    /// A hardware id in lower case, if it can tell machines apart.
    public static func usable(_ hardwareID: String) -> String? {
        let claimed = hardwareID.lowercased()
        return claimed.contains(where: { $0 != claimed.first }) ? claimed : nil
    }

    /// The hardware id that a device had before, when the one claimed now is another.
    ///
    /// A device that is recognised all the same is so by our own id alone, which can be copied from one machine to
    /// another. Ids that cannot tell machines apart contradict nothing.
    public func contradictedHardwareID(_ stored: String?) -> String? {
        guard let claimed = self.usableHardwareID, let known = stored.flatMap({ Self.usable($0) }), known != claimed
        else { return nil }
        return known
    }

    /// Whether a hardware id came that cannot tell machines apart; recorded as a conflict.
    public var hasPlaceholderHardwareID: Bool {
        self.hardwareID != nil && self.usableHardwareID == nil
    }

    /// Whether nothing says that the device was here before.
    ///
    /// Most that say nothing were not: they are taken for new without asking, and the reservation finds the others.
    var seemsNew: Bool { self.managementDeviceID == nil }

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
