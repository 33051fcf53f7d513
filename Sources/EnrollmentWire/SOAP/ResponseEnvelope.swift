internal import XMLKit

/// Writes the SOAP 1.2 envelope of an answer.
///
/// All on one line: layout inside values has broken clients, and nobody reads answers by eye.
struct ResponseEnvelope {
    let operation: Operation
    /// The request's MessageID, verbatim; `nil` when it could not be read.
    let relatesTo: String?
    /// Names the exchange in both sides' logs; `nil` leaves the header out.
    let activityID: String?

    /// - Parameters:
    ///   - capacity: Octets to set aside.
    ///   - header: Writes further headers.
    ///   - body: Writes the content of the Body.
    /// - Returns: The whole document, UTF-8.
    func octets(
        capacity: Int = 4096,
        header: (inout XMLWriter) -> Void = { _ in },
        body: (inout XMLWriter) -> Void
    ) -> [UInt8] {
        var writer = XMLWriter(capacity: capacity)
        writer.element("s:Envelope", ["xmlns:s": Namespace.soap12, "xmlns:a": Namespace.addressing]) { writer in
            writer.element("s:Header") { writer in
                writer.element("a:Action", ["s:mustUnderstand": "1"], text: self.operation.responseAction)
                if let activityID = self.activityID {
                    writer.element(
                        "ActivityId",
                        ["CorrelationId": activityID, "xmlns": Namespace.diagnostics],
                        text: activityID
                    )
                }
                if let relatesTo = self.relatesTo { writer.element("a:RelatesTo", text: relatesTo) }
                header(&writer)
            }
            writer.element("s:Body") { writer in body(&writer) }
        }
        return writer.octets
    }
}
