internal import EnrollmentCore
internal import SQLText

/// Permissions for one thing that a rule would refuse otherwise.
struct PermitTable {
    let connection: LedgerConnection

    /// Gives a permit, in the place of an unused one of the same kind.
    func give(_ kind: Permit.Kind, to device: DeviceID, until: Timestamp, by act: AdministrativeAct) throws {
        try self.withdraw(kind, of: device)
        let statement = try self.connection.prepare(
            "INSERT INTO permit (device, kind, until, trace_id) VALUES (?1, ?2, ?3, ?4)"
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(kind.rawValue, at: 2)
        try statement.bind(until.microseconds, at: 3)
        try statement.bind(act.traceID.description, at: 4)
        try statement.run()
    }

    /// Takes an unused permit back.
    func withdraw(_ kind: Permit.Kind, of device: DeviceID) throws {
        let statement = try self.connection.prepare(
            "DELETE FROM permit WHERE device = ?1 AND kind = ?2 AND used_serial IS NULL"
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(kind.rawValue, at: 2)
        try statement.run()
    }

    /// The unused permit, whether or not it has run out.
    func unused(_ kind: Permit.Kind, of device: DeviceID) throws -> Permit? {
        let row = try self.connection.prepare(
            "SELECT until FROM permit WHERE device = ?1 AND kind = ?2 AND used_serial IS NULL"
        )
        try row.bind(device.octets, at: 1)
        try row.bind(kind.rawValue, at: 2)
        guard try row.step() else { return nil }
        return Permit(kind: kind, device: device, until: Timestamp(microseconds: row.integer(0)), usedFor: nil)
    }

    /// Uses the permit up for a certificate.
    func use(_ permit: Permit, for serial: SerialNumber) throws {
        let statement = try self.connection.prepare(
            "UPDATE permit SET used_serial = ?3 WHERE device = ?1 AND kind = ?2 AND used_serial IS NULL"
        )
        try statement.bind(permit.device.octets, at: 1)
        try statement.bind(permit.kind.rawValue, at: 2)
        try statement.bind(serial.octets, at: 3)
        try statement.run()
    }

    /// Gives back what was used for a certificate that did not come about.
    ///
    /// Where another permit of the kind was given meanwhile, that one stays and this one is gone; so is one to renew
    /// where the device was reset, retired or revoked meanwhile.
    func giveBack(usedFor serial: [UInt8]) throws {
        let row = try self.connection.prepare(
            """
            SELECT p.ordinal, p.device, p.kind, d.state FROM permit p CROSS JOIN device d ON d.id = p.device
            WHERE p.used_serial = ?1
            """
        )
        try row.bind(serial, at: 1)
        guard try row.step() else { return }
        guard let device = DeviceID(octets: row.octets(1)), let kind = Permit.Kind(rawValue: row.text(2)),
            let state = DeviceState(rawValue: row.text(3))
        else { throw EnrollmentError.unreadable("a permit") }
        let isMoot = kind == .renewal && !state.occupiesSlot && state != .expired
        let isReplaced = try self.unused(kind, of: device) != nil
        let statement =
            if isMoot || isReplaced {
                try self.connection.prepare("DELETE FROM permit WHERE ordinal = ?1")
            } else {
                try self.connection.prepare("UPDATE permit SET used_serial = NULL WHERE ordinal = ?1")
            }
        try statement.bind(row.integer(0), at: 1)
        try statement.run()
    }
}
