internal import EnrollmentCore

extension DeviceID {
    /// A fresh one from the system's generator: names events that a transaction makes by itself.
    static func fresh() -> DeviceID {
        var generator = SystemRandomNumberGenerator()
        return DeviceID(random: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}
