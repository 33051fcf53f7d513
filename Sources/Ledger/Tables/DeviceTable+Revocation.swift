internal import EnrollmentCore
internal import SQLiteKit

extension DeviceTable {
    /// Makes another of the device's certificates its current one.
    func hold(_ serial: SerialNumber, endingAt end: Timestamp, of device: DeviceID) throws {
        let statement = try self.connection.prepare(
            "UPDATE device SET certificate_serial = ?2, certificate_ends = ?3 WHERE id = ?1"
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(serial.octets, at: 2)
        try statement.bind(end.microseconds, at: 3)
        try statement.run()
    }

    /// Ends the device: its slot is free, and the event about it takes the next generation.
    func end(_ device: DeviceID, as state: DeviceState) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET state = ?2, is_live = 0, pending_serial = NULL, held_from = NULL,
                generation = generation + 1
            WHERE id = ?1
            """
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(state.rawValue, at: 2)
        try statement.run()
    }
}
