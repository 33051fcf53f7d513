/// The identity of one device: what tells it from all others.
public struct SimulatedDevice: Hashable, Sendable {
    /// 32 upper-case hexadecimal digits; names the enrollment.
    public let deviceID: String
    /// 64 upper-case hexadecimal digits; names the hardware.
    public let hardwareID: String
    /// The computer's name, 15 characters as NetBIOS allows.
    public let name: String
    public let serialNumber: String
    /// `00-15-5D-…`, one per network card.
    public let networkAddresses: [String]
    /// 36 characters; Windows begins the common name of its request with 30 of them.
    let requestIdentifier: String

    /// The device that `seed` stands for: the same one each time.
    public init(seed: UInt64, profile: DeviceProfile = .windows11) {
        var generator = SeededGenerator(seed: seed)
        self.init(profile: profile, using: &generator)
    }

    /// A device that was never seen before.
    public static func random(profile: DeviceProfile = .windows11) -> SimulatedDevice {
        var generator = SystemRandomNumberGenerator()
        return SimulatedDevice(profile: profile, using: &generator)
    }

    /// A device met before.
    init(
        deviceID: String,
        hardwareID: String,
        name: String,
        serialNumber: String,
        networkAddresses: [String],
        requestIdentifier: String
    ) {
        self.deviceID = deviceID
        self.hardwareID = hardwareID
        self.name = name
        self.serialNumber = serialNumber
        self.networkAddresses = networkAddresses
        self.requestIdentifier = requestIdentifier
    }

    init(profile: DeviceProfile, using generator: inout some RandomNumberGenerator) {
        self.deviceID = Hexadecimal.upper(octets: 16, using: &generator)
        self.hardwareID = Hexadecimal.upper(octets: 32, using: &generator)
        self.name = "DESKTOP-" + Hexadecimal.upper(octets: 4, using: &generator).prefix(7)
        self.serialNumber = "SIM" + Hexadecimal.upper(octets: 6, using: &generator).prefix(11)
        self.networkAddresses = (0..<profile.networkCards).map { _ in
            var octets: [UInt8] = [0x00, 0x15, 0x5D]
            for _ in 0..<3 { octets.append(UInt8.random(in: 0...255, using: &generator)) }
            return octets.map { Hexadecimal.upper([$0]) }.joined(separator: "-")
        }
        self.requestIdentifier = Hexadecimal.identifier(using: &generator)
    }

    /// The common name of the device's request: 30 characters, `!`, DeviceID.
    var requestedCommonName: String {
        "\(self.requestIdentifier.prefix(30))!\(self.deviceID)"
    }
}
