internal import EnrollmentCore
internal import SQLText

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
}
