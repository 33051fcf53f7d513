/// How one device fared.
public struct EnrollmentOutcome: Sendable {
    public let device: SimulatedDevice
    /// The name of the user it enrolled for.
    public let user: String
    /// Milliseconds per step that was answered, in order.
    public let steps: [(step: EnrollmentStep, milliseconds: Double)]
    /// Milliseconds from discovery to a certificate that holds; the probe before and the proof after are not in it.
    public let milliseconds: Double
    public let result: Result<EnrolledDevice, SimulationFailure>
}

extension EnrollmentOutcome: CustomStringConvertible {
    public var description: String {
        switch self.result {
        case .success(let enrolled):
            "\(self.device.name) enrolled for \(self.user) in \(Text.milliseconds(self.milliseconds)) ms: \(enrolled)"
        case .failure(let failure):
            "\(self.device.name) did not enroll for \(self.user): \(failure)"
        }
    }
}
