/// What all devices of one build of Windows have in common.
public struct DeviceProfile: Hashable, Sendable {
    /// Which certificate store the device means to use ([MS-MDE2] § 3.4.4.1.1.1).
    public enum EnrollmentType: String, Hashable, Sendable, CaseIterable {
        /// A certificate of the user, in `My\User`.
        case full = "Full"
        /// A certificate of the machine, in `My\System`.
        case device = "Device"

        /// The characteristic below `My` that the answer has to use.
        var store: String {
            switch self {
            case .full: "User"
            case .device: "System"
            }
        }
    }

    public var enrollmentType = EnrollmentType.full
    /// What discovery announces and, unless the answer asks for 5.0, the request repeats.
    public var requestVersion = "9.0"
    public var osVersion = "10.0.26200.9278"
    public var applicationVersion = "10.0.26200.9279"
    /// A product number; 4 is Enterprise.
    public var osEdition = 4
    public var deviceType = "CIMClient_Windows"
    public var locale = "en-US"
    public var manufacturer = "Example Device Works Co., Ltd"
    public var model = "Simulated Laptop9"
    public var userAgent = "Windows Enrollment Client"
    /// Network cards; virtual ones count.
    public var networkCards = 13

    /// Windows 11 25H2 Enterprise, enrolled in Settings by a person.
    public static let windows11 = DeviceProfile()
}
