/// Takes messages to one destination.
package protocol MessageTransport: Sendable {
    /// - Returns: The answer, whatever its status says.
    /// - Throws: ``TransportFailure`` when there is none.
    func send(_ message: WebhookMessage) async throws(TransportFailure) -> TransportAnswer
}

/// As much of an answer as a sender goes by.
package struct TransportAnswer: Hashable, Sendable {
    package let status: Int
    /// `Retry-After`, as it was sent.
    package let retryAfter: String?

    package init(status: Int, retryAfter: String? = nil) {
        self.status = status
        self.retryAfter = retryAfter
    }
}

/// Why there is no answer.
package enum TransportFailure: Error, Hashable, Sendable {
    /// Says what happened and, where somebody can mend it, how; holds no secret.
    case unanswered(String)
    /// Nobody waits for it any more.
    case cancelled
}
