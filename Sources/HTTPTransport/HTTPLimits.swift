/// What one listener grants its clients; each bound keeps a stranger from taking what others need.
package struct HTTPLimits: Hashable, Sendable {
    /// Request line and header fields together, in octets; more is 431, or 414 when the request line alone is as long.
    package var headOctets = 16 * 1024
    /// Header fields of one request; more is 431.
    package var headerFields = 100
    /// A request's body, in octets; more is 413.
    package var bodyOctets = 512 * 1024
    /// Bodies of all connections together, in octets, from their heads to their answers; what would go beyond is 503.
    ///
    /// A body of up to ``smallBody`` octets is not counted: strangers who use up the budget with large bodies that they never
    /// finish must not keep ordinary messages out. Connections are counted, which bounds those as well.
    package var bodyBudget = 64 * 1024 * 1024
    /// Octets of a body that does not need a share of ``bodyBudget``.
    static let smallBody = 16 * 1024
    /// Requests sent ahead of their answers on one connection; the last one granted is answered with `Connection: close`.
    package var pipelinedRequests = 64

    /// From a connection's start, or a request's first octet, to the end of its head; later is 408.
    package var timeToHead: Duration = .seconds(10)
    /// From the end of the head to the end of the body; later is 408.
    package var timeToBody: Duration = .seconds(30)
    /// Between two requests on one connection.
    package var idleTime: Duration = .seconds(60)
    /// For a client to take in the next part of an answer.
    package var timeToSend: Duration = .seconds(30)
    /// For the TLS handshake.
    package var handshakeTime: Duration = .seconds(10)
    /// For a refused client to stop sending before its connection is cut.
    package var lingerTime: Duration = .seconds(5)
    /// From the signal to stop until requests still in flight are cancelled.
    package var drainTime: Duration = .seconds(20)

    /// Connections at once; the next ones are told 503, and beyond a few of those, nothing.
    package var connections = 4096
    /// Connections at once from one IPv4 address or one IPv6 /64 network; the next ones are told 503.
    package var connectionsPerSource = 256
    /// What a 503 tells its client to wait, in whole seconds.
    package var retryAfter: Duration = .seconds(5)

    package init() {}
}
