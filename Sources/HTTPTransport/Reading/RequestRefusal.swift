/// Why a request is answered by the listener itself, and with which status.
package struct RequestRefusal: Error, Hashable, Sendable {
    package let status: Int
    /// For the log and the client's developer; never holds what the client sent.
    package let reason: String
    /// The methods that would do, for 405.
    package let allowed: [HTTPMethod]

    package init(_ status: Int, _ reason: String, allowed: [HTTPMethod] = []) {
        self.status = status
        self.reason = reason
        self.allowed = allowed
    }

    static func bad(_ reason: String) -> RequestRefusal {
        RequestRefusal(400, reason)
    }
}
