/// How far the revoking of everything that a compromised issuer signed has got.
public struct CompromiseRecord: Hashable, Sendable {
    public let issuerID: String
    /// Who signs in its place; `nil` where nobody had to take it.
    public let successor: String?
    /// Of the act that began it.
    public let traceID: TraceID
    public let started: Timestamp
    /// How many certificates there were to revoke when it began.
    public let total: Int
    /// How many devices are told to enroll again in a minute; 0 for as many as the store takes.
    public let perMinute: Int
    /// When nothing was left to revoke; `nil` while it is under way.
    public let finished: Timestamp?

    public init(
        issuerID: String,
        successor: String?,
        traceID: TraceID,
        started: Timestamp,
        total: Int,
        perMinute: Int,
        finished: Timestamp? = nil
    ) {
        self.issuerID = issuerID
        self.successor = successor
        self.traceID = traceID
        self.started = started
        self.total = total
        self.perMinute = perMinute
        self.finished = finished
    }
}
