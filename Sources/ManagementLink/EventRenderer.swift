package import EnrollmentCore

/// Puts an event into the form in which a destination gets it.
package protocol EventRenderer: Sendable {
    /// - Throws: ``EnrollmentError`` with code `internalService` when a secret cannot be opened or the cryptographic
    ///   library refuses; the event stays in the outbox.
    func render(_ event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> WebhookMessage
}

/// One request to a destination, signed and complete but for its address.
package struct WebhookMessage: Hashable, Sendable {
    /// Names and values in the order in which they are sent; the content type is among them.
    package let headers: [Header]
    package let body: [UInt8]

    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(headers: [Header], body: [UInt8]) {
        self.headers = headers
        self.body = body
    }
}
