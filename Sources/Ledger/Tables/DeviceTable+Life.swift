internal import EnrollmentCore
internal import SQLText

/// What happens to a device between its enrollments.
extension DeviceTable {
    /// Takes what a device that renews claims now, and the reservation; one that has expired takes a slot again.
    func renewClaims(_ reservation: RenewalReservation, conflicts: [String]) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET name = coalesce(?2, name), name_key = coalesce(?3, name_key),
                hardware_id = coalesce(?4, hardware_id), os_version = coalesce(?5, os_version),
                model = coalesce(?6, model), pending_serial = ?7, conflicts = ?8,
                state = CASE WHEN state = 'expired' THEN 'reserved' ELSE state END, is_live = 1
            WHERE id = ?1
            """
        )
        let claims = reservation.claims
        try statement.bind(reservation.candidate.device.device.octets, at: 1)
        try statement.bind(claims.deviceName, at: 2)
        try statement.bind(claims.deviceName?.lowercased(), at: 3)
        // A placeholder must not take the place of what tells this machine from others.
        try statement.bind(claims.usableHardwareID, at: 4)
        try statement.bind(claims.osVersion, at: 5)
        try statement.bind(claims.model, at: 6)
        try statement.bind(reservation.prepared.draft.serialNumber.octets, at: 7)
        try statement.bind(TextList.encode(conflicts), at: 8)
        try statement.run()
    }

    /// Gives a device that renewed its next certificate; it was seen when it asked, so it is active.
    func renew(_ device: DeviceID, holding certificate: IssuedCertificate) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET state = 'active', certificate_serial = ?2, certificate_ends = ?3,
                pending_serial = nullif(pending_serial, ?2)
            WHERE id = ?1
            """
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(certificate.serialNumber.octets, at: 2)
        try statement.bind(certificate.validity.notAfter.microseconds, at: 3)
        try statement.run()
    }

    /// Moves the last proven contact forward, never backward.
    ///
    /// It is also what the device goes back to when a reservation made before it is released.
    func touch(_ device: DeviceID, at moment: Timestamp) throws {
        let statement = try self.connection.prepare(
            "UPDATE device SET last_proven_contact = ?2 WHERE id = ?1 AND last_proven_contact < ?2"
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(moment.microseconds, at: 2)
        try statement.run()
        let open = try self.connection.prepare(
            """
            UPDATE certificate INDEXED BY certificate_device SET previous_contact = ?2
            WHERE device = ?1 AND state = 'intent' AND reason IS NULL AND previous_contact < ?2
            """
        )
        try open.bind(device.octets, at: 1)
        try open.bind(moment.microseconds, at: 2)
        try open.run()
    }

    /// Makes a device that was seen for the first time active.
    func activate(_ device: DeviceID) throws {
        let statement = try self.connection.prepare(
            "UPDATE device SET state = 'active' WHERE id = ?1 AND state IN ('issued', 'handed-off')"
        )
        try statement.bind(device.octets, at: 1)
        try statement.run()
    }

    /// Ends the device; nothing that was reserved for it is confirmed any more.
    ///
    /// - Parameters:
    ///   - device: The device.
    ///   - state: What it becomes; one that fills no slot.
    ///   - needsPermit: Whether its hardware may enroll again only with a permit.
    /// - Throws: What the store answered.
    func end(_ device: DeviceID, as state: DeviceState, needsPermit: Bool) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET state = ?2, is_live = 0, needs_permit = ?3, held_from = NULL, pending_serial = NULL
            WHERE id = ?1
            """
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(state.rawValue, at: 2)
        try statement.bind(needsPermit, at: 3)
        try statement.run()
    }

    func hold(_ device: DeviceID) throws {
        let statement = try self.connection.prepare(
            "UPDATE device SET held_from = state, state = 'held' WHERE id = ?1"
        )
        try statement.bind(device.octets, at: 1)
        try statement.run()
    }

    func resume(_ device: DeviceID) throws {
        let statement = try self.connection.prepare(
            "UPDATE device SET state = coalesce(held_from, 'active'), held_from = NULL WHERE id = ?1"
        )
        try statement.bind(device.octets, at: 1)
        try statement.run()
    }

    func setConflicts(_ conflicts: [String], of device: DeviceID) throws {
        let statement = try self.connection.prepare("UPDATE device SET conflicts = ?2 WHERE id = ?1")
        try statement.bind(device.octets, at: 1)
        try statement.bind(TextList.encode(conflicts), at: 2)
        try statement.run()
    }

    /// Begins the device's next generation, which the event that follows is of.
    func beginGeneration(of device: DeviceID) throws {
        let statement = try self.connection.prepare("UPDATE device SET generation = generation + 1 WHERE id = ?1")
        try statement.bind(device.octets, at: 1)
        try statement.run()
    }

    /// Whether the device's hardware may enroll again only with a permit.
    func needsPermit(_ device: DeviceID) throws -> Bool {
        let row = try self.connection.prepare("SELECT needs_permit FROM device WHERE id = ?1")
        try row.bind(device.octets, at: 1)
        return try row.step() && row.boolean(0)
    }

    /// Live devices whose certificate ended before `moment` and that are not at it just now, the longest ended first.
    func ended(
        before moment: Timestamp,
        limit: Int
    ) throws -> [(device: DeviceID, serial: SerialNumber?, isHeld: Bool)] {
        let row = try self.connection.prepare(
            """
            SELECT id, certificate_serial, state = 'held' FROM device
            WHERE is_live = 1 AND certificate_ends < ?1 AND pending_serial IS NULL
            ORDER BY certificate_ends LIMIT ?2
            """
        )
        try row.bind(moment.microseconds, at: 1)
        try row.bind(max(0, limit), at: 2)
        var ended: [(DeviceID, SerialNumber?, Bool)] = []
        while try row.step() {
            guard let device = DeviceID(octets: row.octets(0)) else { throw EnrollmentError.unreadable("a device") }
            ended.append((device, row.optionalOctets(1).flatMap { SerialNumber(octets: $0) }, row.boolean(2)))
        }
        return ended
    }

    // MARK: Hardware that was sent away

    private static let barred: SQL = """
        SELECT d.id, d.state FROM device d INDEXED BY device_barred WHERE d.user_id = ?1 AND d.needs_permit = 1
        """
    private static let barredByHardware =
        Self.barred
            + """
            AND d.hardware_id = ?2 AND NOT EXISTS (
                SELECT 1 FROM device n INDEXED BY device_user
                WHERE n.user_id = ?1 AND n.ordinal > d.ordinal AND n.hardware_id = ?2 AND n.state <> 'released')
            ORDER BY d.ordinal DESC LIMIT 1
            """
    private static let barredByClaimedID =
        Self.barred
            + """
            AND d.claimed_key = ?2 AND NOT EXISTS (
                SELECT 1 FROM device n INDEXED BY device_user
                WHERE n.user_id = ?1 AND n.ordinal > d.ordinal AND n.claimed_key = ?2 AND n.state <> 'released')
            ORDER BY d.ordinal DESC LIMIT 1
            """

    /// The device that this hardware was for this user before it was reset or retired, or expired while it was held,
    /// unless it was another since.
    ///
    /// A reservation that came to nothing makes it no other device.
    func barred(_ claims: DeviceClaims, of userID: String) throws -> (device: DeviceID, state: DeviceState)? {
        guard claims.usableHardwareID != nil || !claims.deviceID.isEmpty else { return nil }
        let row =
            if claims.usableHardwareID == nil {
                try self.connection.prepare(Self.barredByClaimedID)
            } else {
                try self.connection.prepare(Self.barredByHardware)
            }
        try row.bind(userID, at: 1)
        try row.bind(claims.usableHardwareID ?? claims.deviceID.lowercased(), at: 2)
        guard try row.step() else { return nil }
        guard let device = DeviceID(octets: row.octets(0)), let state = DeviceState(rawValue: row.text(1)) else {
            throw EnrollmentError.unreadable("a device")
        }
        return (device, state)
    }
}
