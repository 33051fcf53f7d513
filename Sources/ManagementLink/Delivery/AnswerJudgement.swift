package import EnrollmentCore

/// What an answer, or that there was none, means for the event that was sent and for its destination.
///
/// Pure. Whether a failure is the event's or the destination's, one answer does not tell: that is seen by what else gets
/// through, which ``Breaker`` watches.
package enum AnswerJudgement: Hashable, Sendable {
    /// The destination has the event.
    case accepted
    /// It has not, for the reason given, and is to be sent it again; not before that time where it named one.
    case failed(String, notBefore: Duration?)
    /// It wants fewer requests, for that long where it said so; the event is as good as unsent.
    case slowed(String, pause: Duration?)
    /// It wants no more of them at all.
    case gone(String)
    /// Nobody waited for the answer.
    case abandoned

    package init(_ answer: TransportAnswer, at now: Timestamp) {
        let pause = answer.retryAfter.flatMap { RetryAfter.delay($0, at: now) }
        switch answer.status {
        case 200...299: self = .accepted
        case 300...399:
            let sentence = "answered \(answer.status): redirects are not followed; configure the address it leads to"
            self = .failed(sentence, notBefore: pause)
        case 410: self = .gone("answered 410: gone")
        case 429: self = .slowed("answered 429: too many requests", pause: pause)
        case 503 where pause != nil: self = .slowed("answered 503: unavailable", pause: pause)
        case 401, 403:
            let sentence = "answered \(answer.status): it does not take the signature, or not from us"
            self = .failed(sentence, notBefore: pause)
        case 100...599: self = .failed("answered \(answer.status)", notBefore: pause)
        default: self = .failed("answered something that is not HTTP", notBefore: nil)
        }
    }

    package init(_ failure: TransportFailure) {
        switch failure {
        case .unanswered(let sentence): self = .failed(sentence, notBefore: nil)
        case .cancelled: self = .abandoned
        }
    }
}
