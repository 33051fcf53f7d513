package import EnrollmentCore

/// What an answer, or that there was none, means for the event that was sent and for its destination.
///
/// Pure. Some answers speak of the event alone, and some, as silence does, of whoever answers. Whether any other failure is
/// the event's or the destination's, one answer does not tell: that is seen by what else gets through, which ``Breaker``
/// watches.
package enum AnswerJudgement: Hashable, Sendable {
    /// The destination has the event.
    case accepted
    /// It does not take this event, for the reason given, and would not at any other time, or the event cannot even be
    /// written; it is sent it again all the same, not before that time where it named one.
    case refused(String, notBefore: Duration?)
    /// It could not take the event, for the reason given, and is to be sent it again; not before that time where it named
    /// one.
    case failed(String, notBefore: Duration?)
    /// Nobody looked at the event, for the reason given: nobody answered, or somebody who was not it or did not let us in.
    case unreached(String, notBefore: Duration?)
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
            self = .unreached(sentence, notBefore: pause)
        case 410: self = .gone("answered 410: gone")
        case 429: self = .slowed("answered 429: too many requests", pause: pause)
        case 503 where pause != nil: self = .slowed("answered 503: unavailable", pause: pause)
        case 401, 403:
            let sentence = "answered \(answer.status): it does not take the signature, or not from us"
            self = .unreached(sentence, notBefore: pause)
        // The address, the proxy, and what was too slow on the way.
        case 100...199, 404, 407, 408: self = .unreached("answered \(answer.status)", notBefore: pause)
        case 400...499: self = .refused("answered \(answer.status)", notBefore: pause)
        case 500...599: self = .failed("answered \(answer.status)", notBefore: pause)
        default: self = .unreached("answered something that is not HTTP", notBefore: nil)
        }
    }

    package init(_ failure: TransportFailure) {
        switch failure {
        case .unanswered(let sentence): self = .unreached(sentence, notBefore: nil)
        case .cancelled: self = .abandoned
        }
    }
}
