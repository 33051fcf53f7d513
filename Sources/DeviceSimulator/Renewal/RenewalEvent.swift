/// Something a person watching would like to know.
public enum RenewalEvent: Sendable {
    /// An answer came in and held, or was refused.
    ///
    /// - device: Which device, from 0.
    /// - status: HTTP's.
    /// - milliseconds: From the request to its last octet.
    /// - detail: What the answer says, in a few words.
    case step(device: Int, EnrollmentStep, status: Int, milliseconds: Double, detail: String)
    case finished(device: Int, RenewalOutcome)
}

extension RenewalEvent: CustomStringConvertible {
    public var description: String {
        switch self {
        case .step(_, let step, let status, let milliseconds, let detail):
            let words = detail.isEmpty ? "" : ", \(detail)"
            return "\(step.rawValue) … \(status), \(Text.milliseconds(milliseconds)) ms\(words)"
        case .finished(_, let outcome):
            return outcome.description
        }
    }
}
