/// The time a certificate is valid; both ends belong to it (RFC 5280 § 4.1.2.5), in whole seconds.
public struct Validity: Hashable, Sendable {
    public let notBefore: Timestamp
    public let notAfter: Timestamp

    /// The one place that turns a length into an end: inclusive, so one second less than begin plus length.
    ///
    /// - Parameters:
    ///   - now: The moment of issue.
    ///   - backdate: Seconds before `now` at which validity begins; for clocks that run late, minutes at most.
    ///   - days: Length in days of 86 400 seconds, counted from the beginning.
    ///   - issuerEnd: The issuer's own end, never exceeded.
    public init(from now: Timestamp, backdatedBy backdate: Int64, days: Int, within issuerEnd: Timestamp?) {
        let begin = Timestamp(seconds: now.seconds - backdate)
        let end = begin.adding(days: days).adding(seconds: -1)
        self.notBefore = begin
        self.notAfter = issuerEnd.map { min($0, end) } ?? end
    }

    public init(notBefore: Timestamp, notAfter: Timestamp) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Seconds, both ends included.
    public var length: Int64 { self.notAfter.seconds - self.notBefore.seconds + 1 }

    public func contains(_ moment: Timestamp) -> Bool {
        (self.notBefore.seconds...self.notAfter.seconds).contains(moment.seconds)
    }
}
