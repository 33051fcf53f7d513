package import EnrollmentCore

/// Writes events as CloudEvents and signs them for one destination.
package struct CloudEventRenderer: EventRenderer {
    private let body: CloudEventBody
    private let signer: WebhookSigner

    /// - Parameters:
    ///   - body: Writes what the destination gets.
    ///   - signer: The destination's.
    package init(_ body: CloudEventBody, signer: WebhookSigner) {
        self.body = body
        self.signer = signer
    }

    package func render(_ event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> WebhookMessage {
        try self.signer.message("\(event.event.id)", at: now, body: try self.body.octets(of: event))
    }

    /// A message that tells nothing and is marked so, for `handoff test`.
    ///
    /// - Parameters:
    ///   - id: The message's own.
    ///   - destination: Its name, for whoever finds the message.
    ///   - actor: Who sends it.
    ///   - now: The present.
    /// - Returns: The message.
    /// - Throws: `EnrollmentError` with code `internalService` when the cryptographic library refuses.
    package func test(
        _ id: DeviceID,
        to destination: String,
        by actor: String,
        at now: Timestamp
    ) throws(EnrollmentError) -> WebhookMessage {
        var writer = JSONWriter(capacity: 1_024)
        writer.envelope(
            id,
            type: EventType.test,
            kind: "test",
            source: self.body.source,
            subject: nil,
            time: now
        ) { writer in
            writer.member("schema", "gatehouse.event/1")
            writer.member("kind", "test")
            writer.member("test", true)
            writer.member("destination", destination)
            writer.member("actor", actor)
        }
        return try self.signer.message("\(id)", at: now, body: writer.octets)
    }
}
