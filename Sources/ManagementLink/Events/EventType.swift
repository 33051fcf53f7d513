internal import EnrollmentCore

/// The names by which CloudEvents tell kinds apart.
enum EventType {
    /// `type`, in the form that all event names have: ours, the thing, what became of it.
    static func name(of kind: HandOffEvent.Kind) -> StaticString {
        switch kind {
        case .enrolled: "gatehouse.device.enrolled"
        case .renewed: "gatehouse.device.renewed"
        case .superseded: "gatehouse.device.superseded"
        case .held: "gatehouse.device.held"
        case .resumed: "gatehouse.device.resumed"
        case .reset: "gatehouse.device.reset"
        case .revoked: "gatehouse.device.revoked"
        case .expired: "gatehouse.device.expired"
        case .silent: "gatehouse.device.silent"
        case .limitRefused: "gatehouse.limit.refused"
        case .trustPublished: "gatehouse.trust.published"
        case .trustActivated: "gatehouse.trust.activated"
        case .trustRetired: "gatehouse.trust.retired"
        }
    }

    static let test: StaticString = "gatehouse.test"
    static let authorise: StaticString = "gatehouse.enrollment.authorise"
}

extension JSONWriter {
    /// Writes an event's envelope (CloudEvents 1.0, structured mode) around its data.
    ///
    /// - Parameters:
    ///   - id: The event's own.
    ///   - type: One of ``EventType``.
    ///   - kind: Names the schema of the data, `urn:gatehouse:schema:<kind>:1`.
    ///   - source: Who tells.
    ///   - subject: What it is about; `nil` for nothing in particular.
    ///   - time: When it happened.
    ///   - data: Writes the members of the data.
    /// - Throws: What `data` throws.
    mutating func envelope<Failure: Error>(
        _ id: DeviceID,
        type: StaticString,
        kind: String,
        source: String,
        subject: String?,
        time: Timestamp,
        data: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        try self.object { (writer) throws(Failure) in
            writer.member("specversion", "1.0")
            writer.member("id", id)
            writer.member("source", source)
            writer.member("type", "\(type)")
            if let subject { writer.member("subject", subject) }
            writer.member("time", time, withMicroseconds: true)
            writer.member("datacontenttype", "application/json")
            writer.member("dataschema", "urn:gatehouse:schema:\(kind):1")
            try writer.object("data") { (writer) throws(Failure) in try data(&writer) }
        }
    }
}
