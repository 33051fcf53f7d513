/// What a device says about itself.
///
/// All of it is claimed, none of it proven.
public struct DeviceClaims: Hashable, Sendable {
    /// One `ContextItem` of the request, as received ([MS-MDE2] § 3.4.4.1.1.1.1).
    public struct Item: Hashable, Sendable {
        public let name: String
        public let value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The client's `DeviceID`: names the enrollment, opaque, new after a reinstall.
    public let deviceID: String
    public let enrollmentType: EnrollmentType
    /// Every context item in the order received, unknown ones included.
    public let items: [Item]

    public init(deviceID: String, enrollmentType: EnrollmentType, items: [Item]) {
        self.deviceID = deviceID
        self.enrollmentType = enrollmentType
        self.items = items
    }

    /// The first value under `name`, or `nil` when it is absent or empty.
    public func first(_ name: String) -> String? {
        self.items.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// `HWDevID`: names the hardware, survives a reinstall, and is copied along with a cloned disk.
    public var hardwareID: String? { self.first("HWDevID") }
    public var deviceName: String? { self.first("DeviceName") }
    public var deviceType: String? { self.first("DeviceType") }
    public var osVersion: String? { self.first("OSVersion") }
    public var osEdition: String? { self.first("OSEdition") }
    public var model: String? { self.first("DeviceModel") }
    public var manufacturer: String? { self.first("Manufacturer") }
    /// Repeats our own ``DeviceID`` where the device still has it (version 5.0 and later).
    public var managementDeviceID: DeviceID? { self.first("EmmDeviceId").flatMap { DeviceID($0) } }
}

/// Whose certificate store the device asks for ([MS-MDE2] § 3.4.4.1.1.1.1).
public enum EnrollmentType: String, Hashable, Sendable, CaseIterable {
    /// The user's store, `My/User`.
    case full
    /// The machine's store, `My/System`.
    case device
}
