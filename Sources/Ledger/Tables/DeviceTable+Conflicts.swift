internal import EnrollmentCore
internal import SQLiteKit

extension DeviceTable {
    /// Sentences about claims that contradict what the ledger knows.
    ///
    /// They are for people to judge: a claim alone never revokes anything and never moves a device to another user.
    /// `known` is the device that the claims were recognised as.
    func conflicts(of reservation: Reservation, recognizedAs known: Standing?) throws -> [String] {
        var conflicts: [String] = []
        let claims = reservation.claims
        if claims.hasPlaceholderHardwareID {
            conflicts.append("The claimed hardware id is a placeholder that cannot tell machines apart.")
        }
        if let hardware = claims.usableHardwareID {
            conflicts += try self.others(than: reservation.user.id, claiming: hardware)
        }
        if let before = claims.contradictedHardwareID(known?.hardwareID), let now = claims.usableHardwareID {
            conflicts.append(
                "The device repeats our id from another machine: its hardware id was \(before.prefix(16))… and"
                    + " is \(now.prefix(16))… now."
            )
        }
        if let own = claims.managementDeviceID, let owner = try self.owner(of: own), owner.id != reservation.user.id {
            conflicts.append("The device repeats our id \(own), which belongs to a device of \(owner.name).")
        }
        return conflicts
    }

    private func others(than userID: String, claiming hardware: String) throws -> [String] {
        let row = try self.connection.prepare(
            """
            SELECT d.id, u.principal_name FROM device d CROSS JOIN user u ON u.id = d.user_id
            WHERE d.hardware_id = ?1 AND d.user_id <> ?2
                AND d.is_live = 1
            LIMIT 3
            """
        )
        try row.bind(hardware, at: 1)
        try row.bind(userID, at: 2)
        var sentences: [String] = []
        while try row.step() {
            guard let device = DeviceID(octets: row.octets(0)) else { throw EnrollmentError.unreadable("a device") }
            sentences.append("The same hardware id is claimed by device \(device) of \(row.text(1)).")
        }
        return sentences
    }

    private func owner(of device: DeviceID) throws -> (id: String, name: String)? {
        let row = try self.connection.prepare(
            "SELECT u.id, u.principal_name FROM device d CROSS JOIN user u ON u.id = d.user_id WHERE d.id = ?1"
        )
        try row.bind(device.octets, at: 1)
        return try row.step() ? (row.text(0), row.text(1)) : nil
    }
}
