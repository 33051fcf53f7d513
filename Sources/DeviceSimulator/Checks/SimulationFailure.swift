/// Why a device did not get what it asked for.
public enum SimulationFailure: Error, Hashable, Sendable {
    /// The server refused, and said so as the protocol provides.
    case refused(EnrollmentStep, DeviceFault)
    /// The server does not take the device for one of its own; why, in a few words.
    case turnedAway(EnrollmentStep, String)
    /// The server answered as no server should.
    case deviated(Deviation)
    /// No answer: `kind` is CurlKit's word for it, `message` libcurl's.
    case unreachable(EnrollmentStep, kind: String, message: String)
    /// The server wants another way of signing in, which this simulation does not play.
    case unsupported(String)
    /// The machine that simulates could not go on.
    case local(String)
}

extension SimulationFailure {
    /// Failures of one kind share this text, whichever device had them.
    public var kind: String {
        switch self {
        case .refused(let step, let fault): "\(step.rawValue) refused: \(fault.errorType ?? fault.subcode)"
        case .turnedAway(let step, let why): "\(step.rawValue) turned away: \(why)"
        case .deviated(let deviation): "\(deviation.step.rawValue) deviates: \(deviation.rule.rawValue)"
        case .unreachable(let step, let kind, _): "\(step.rawValue) unanswered: \(kind)"
        case .unsupported(let what): what
        case .local: "on this machine"
        }
    }
}

extension SimulationFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let step, let fault): "\(step.rawValue) was refused: \(fault)"
        case .turnedAway(let step, let why): "\(step.rawValue): the device was turned away, \(why)"
        case .deviated(let deviation): "the server deviates from the protocol: \(deviation)"
        case .unreachable(let step, let kind, let message): "\(step.rawValue) got no answer (\(kind)): \(message)"
        case .unsupported(let what): what
        case .local(let what): what
        }
    }
}
