import EnrollmentCore

@testable import ManagementLink

/// Events without any facts.
enum Feed {
    static func device(_ number: Int) -> DeviceID {
        DeviceID(random: (0..<16).map { $0 == 0 ? UInt8(number & 0xFF) : $0 == 1 ? UInt8(number >> 8 & 0xFF) : 7 })
    }

    static func id(_ number: Int) -> DeviceID {
        DeviceID(random: (0..<16).map { $0 < 4 ? UInt8(number >> ($0 * 8) & 0xFF) : 9 })
    }

    static func serial(_ number: Int) -> SerialNumber {
        SerialNumber(node: 1, random: (0..<16).map { $0 < 4 ? UInt8(number >> ($0 * 8) & 0xFF) : 5 })
    }

    static func event(
        _ number: Int,
        device: Int?,
        generation: Int = 1,
        kind: HandOffEvent.Kind = .renewed
    ) -> HandOffEvent {
        HandOffEvent(
            id: Self.id(number),
            kind: kind,
            device: device.map(Self.device),
            generation: generation,
            serialNumber: nil
        )
    }

    static func placed(
        _ position: Int64,
        device: Int?,
        kind: HandOffEvent.Kind = .renewed,
        serialNumber: SerialNumber? = nil
    ) -> FeedEvent {
        FeedEvent(
            position: position,
            event: HandOffEvent(
                id: Self.id(Int(position)),
                kind: kind,
                device: device.map(Self.device),
                generation: Int(position),
                serialNumber: serialNumber
            ),
            recorded: Timestamp(seconds: 1_790_000_000),
            traceID: nil
        )
    }
}

/// Says of an event what a receiver needs for telling them apart and putting them in order.
struct PlainRenderer: EventRenderer {
    func render(_ event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> WebhookMessage {
        let device = event.event.device.map { "\($0)" } ?? "none"
        return WebhookMessage(
            headers: [.init("Content-Type", "text/plain"), .init("webhook-id", "\(event.event.id)")],
            body: Array("\(event.event.id) \(device) \(event.event.generation)".utf8)
        )
    }
}
