/// Carries a question to whoever is asked, and brings the answer.
package protocol HookTransport: Sendable {
    /// - Returns: The answer's status and body, whatever they say; of the body no more than
    ///   ``AuthoriseAnswer/largestBody`` octets and one.
    /// - Throws: ``HookFailure`` when there is no complete answer. Returns or throws soon after the task is cancelled.
    func send(_ message: WebhookMessage) async throws(HookFailure) -> (status: Int, body: [UInt8])
}

/// Why there is no answer.
package struct HookFailure: Error, Hashable, Sendable {
    /// Part of a sentence; holds no secret.
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}
