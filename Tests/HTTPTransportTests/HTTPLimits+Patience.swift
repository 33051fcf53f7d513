import HTTPTransport

extension HTTPLimits {
    /// The usual limits, with time enough for a machine that is busy with everything else; a test that waits for a deadline
    /// shortens that one alone.
    static let patient: HTTPLimits = {
        var limits = HTTPLimits()
        for time: WritableKeyPath<HTTPLimits, Duration> in [
            \.timeToHead, \.timeToBody, \.idleTime, \.timeToSend, \.handshakeTime, \.lingerTime, \.drainTime,
        ] {
            limits[keyPath: time] = .seconds(3600)
        }
        return limits
    }()
}
