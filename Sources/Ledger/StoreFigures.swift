/// How a store's connections do, for metrics; all counted since it was opened.
package struct StoreFigures: Hashable, Sendable {
    /// Connections that can be used at once.
    package var poolSize = 0
    /// Connections in use just now.
    package var inUse = 0
    /// Callers that wait for one.
    package var waiting = 0
    /// Transactions that were run again because others were in the way.
    package var retries = 0
    /// Times that an answer of the server was waited for.
    package var roundTrips = 0
    /// Connections that were opened.
    package var connections = 0
    /// Transactions that were committed.
    package var transactions = 0
    /// Commits whose outcome had to be looked up.
    package var doubts = 0
    /// Our clock's time less the database's, in microseconds; `nil` while it is not known.
    package var clockSkew: Int64?
    /// Microseconds since 1970 of the latest commit that a standby has repeated, 0 where it has repeated none since it was
    /// started; `nil` on a server of its own.
    package var replayed: Int64?

    package init() {}
}
