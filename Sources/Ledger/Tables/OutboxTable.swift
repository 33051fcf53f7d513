package import EnrollmentCore
internal import SQLiteKit

/// Hand-off events that wait for the management server's acknowledgement.
struct OutboxTable {
    let connection: SQLiteConnection

    func insert(_ confirmation: Confirmation, device: DeviceTable.Standing, predecessor: [UInt8]?) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO outbox (event, device, generation, serial, predecessor, trace_id, recorded, sealed_account)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """
        )
        try statement.bind(confirmation.eventID.octets, at: 1)
        try statement.bind(device.device.octets, at: 2)
        try statement.bind(device.generation + 1, at: 3)
        try statement.bind(confirmation.certificate.serialNumber.octets, at: 4)
        try statement.bind(predecessor, at: 5)
        try statement.bind(confirmation.attempt.traceID.description, at: 6)
        try statement.bind(confirmation.now.microseconds, at: 7)
        try statement.bind(confirmation.sealedAccount, at: 8)
        try statement.run()
    }

    private static let columns: SQL = "SELECT event, device, generation, serial FROM outbox"
    private static let pending =
        Self.columns + "WHERE acknowledged IS NULL AND ordinal > ?1 ORDER BY ordinal LIMIT ?2"

    func pending(limit: Int) throws -> [PendingEvent] {
        let row = try self.connection.prepare(Self.pending)
        try row.bind(0 as Int64, at: 1)
        try row.bind(max(0, limit), at: 2)
        var events: [PendingEvent] = []
        while try row.step() {
            guard let event = DeviceID(octets: row.octets(0)), let device = DeviceID(octets: row.octets(1)),
                let serial = SerialNumber(octets: row.octets(3))
            else { throw EnrollmentError.unreadable("a hand-off event") }
            events.append(
                PendingEvent(event: event, device: device, generation: Int(row.integer(2)), serialNumber: serial)
            )
        }
        return events
    }
}

/// A hand-off event that the management server has not acknowledged.
package struct PendingEvent: Hashable, Sendable {
    /// The event's own id, `webhook-id` on the wire.
    package let event: DeviceID
    package let device: DeviceID
    /// Orders the events of one device.
    package let generation: Int
    package let serialNumber: SerialNumber
}
