internal import Logging

/// What the connections of one listener share.
struct ListenerCore: Sendable {
    let routes: RouterSource
    let limits: HTTPLimits
    let logger: Logger
    let census: ConnectionCensus
    let writer: ResponseWriter
    let pending: AsyncStream<PendingRequest>.Continuation
    let bodies: BodyBudget
    let turns = TurnQueue()
}
