import EnrollmentTestKit
import Foundation
import Testing

/// Compares what a management server was told with what the store holds.
struct Telling: Sendable {
    let place: Place
    let sink: EventSink

    init(_ gatehouse: RunningGatehouse, _ sink: EventSink) {
        self.place = gatehouse.place
        self.sink = sink
    }

    /// Ids of all events in the outbox, 32 hexadecimal digits each.
    private func recorded() async throws -> Set<String> {
        Set(
            try await self.place.query(
                "SELECT lower(hex(event)) FROM outbox",
                postgres: "SELECT encode(event, 'hex') FROM outbox"
            )
        )
    }

    private func told() throws -> Set<String> {
        Set(try self.sink.distinct().map { $0.id.replacing("-", with: "") })
    }

    /// Whether every event that is recorded has been taken.
    func isComplete() async throws -> Bool {
        try await self.recorded().isSubset(of: try self.told())
    }

    /// Expects that what was taken, each event once, is what the store says: nothing missing, nothing made up, each
    /// device's events in order, and at the end each device's state and certificate.
    func expectEqual() async throws {
        #expect(try self.told() == (try await self.recorded()))
        let events = try self.sink.distinct()
        #expect(events.allSatisfy { $0.id == $0.header })
        var latest: [String: Int] = [:]
        var certificates: [String: String] = [:]
        var ended: Set<String> = []
        for event in events {
            guard let device = event.subject, let generation = event.generation, generation > 0 else { continue }
            #expect(generation == (latest[device] ?? 0) + 1, "\(event) out of order")
            latest[device] = generation
            switch event.kind {
            case "enrolled", "renewed":
                certificates[device] = event.serial
                ended.remove(device)
            case "reset", "revoked", "expired": ended.insert(device)
            default: break
            }
        }
        let rows = try await self.place.query(
            """
            SELECT lower(hex(id)) || ' ' || generation || ' ' || lower(hex(certificate_serial)) || ' ' || is_live
            FROM device WHERE certificate_serial IS NOT NULL
            """,
            postgres: """
                SELECT encode(id, 'hex') || ' ' || generation || ' ' || encode(certificate_serial, 'hex') || ' ' || is_live
                FROM device WHERE certificate_serial IS NOT NULL
                """
        )
        #expect(rows.count == latest.count)
        for row in rows {
            let fields = row.split(separator: " ").map(String.init)
            let device = try #require(latest.keys.first { $0.replacing("-", with: "") == fields[0] })
            #expect(latest[device] == Int(fields[1]))
            #expect(certificates[device].map { $0.lowercased().filter(\.isHexDigit) } == fields[2])
            #expect(ended.contains(device) == (fields[3] == "0"))
        }
    }
}
