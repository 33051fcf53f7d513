internal import EnrollmentCore
internal import SQLText

/// The devices, one row for each id that we gave.
struct DeviceTable {
    /// What a transaction has to know of a device that is there.
    struct Standing {
        let device: DeviceID
        let userID: String
        let state: DeviceState
        let isShared: Bool
        let lastProvenContact: Timestamp
        let certificateSerial: [UInt8]?
        let generation: Int64
        let conflicts: [String]
        let hardwareID: String?

        /// Whether it fills one of its user's slots.
        func counts(staleBefore moment: Timestamp) -> Bool {
            self.state.occupiesSlot && !self.isShared && self.lastProvenContact >= moment
        }
    }

    /// How many sentences about conflicts one device keeps; a stranger must not be able to fill the disk.
    static let mostConflicts = 8

    let connection: LedgerConnection

    // MARK: Recognition

    private static let standing: SQL = """
        SELECT id, state, is_shared, last_proven_contact, certificate_serial, generation, conflicts,
            hardware_id, user_id
        FROM device
        """
    private static let byID = Self.standing + "WHERE id = ?1"
    private static let byHeldSerial =
        Self.standing + "WHERE id = (SELECT c.device FROM certificate c WHERE c.serial = ?1)"
    private static let liveByID =
        Self.standing
            + """
            WHERE id = ?1 AND user_id = ?2 AND is_live = 1
            """
    private static let liveByHardware =
        Self.standing
            + """
            WHERE hardware_id = ?1 AND user_id = ?2 AND is_live = 1
            ORDER BY ordinal DESC LIMIT 1
            """
    private static let liveByClaimedID =
        Self.standing
            + """
            WHERE claimed_key = ?1 AND user_id = ?2 AND is_live = 1
            ORDER BY ordinal DESC LIMIT 1
            """

    /// The user's live device that the first fitting key recognises; of several, the latest.
    func recognized(_ keys: [RecognitionKey], of userID: String) throws -> Standing? {
        for key in keys {
            let row =
                switch key {
                case .device: try self.connection.prepare(Self.liveByID)
                case .hardware: try self.connection.prepare(Self.liveByHardware)
                case .enrollment: try self.connection.prepare(Self.liveByClaimedID)
                }
            switch key {
            case .device(let id): try row.bind(id.octets, at: 1)
            case .hardware(let text), .enrollment(let text): try row.bind(text, at: 1)
            }
            try row.bind(userID, at: 2)
            if let standing = try Self.standing(row) { return standing }
        }
        return nil
    }

    func standing(of device: DeviceID) throws -> Standing? {
        let row = try self.connection.prepare(Self.byID)
        try row.bind(device.octets, at: 1)
        return try Self.standing(row)
    }

    /// The device that a certificate is, or is to be, of.
    func standing(ofHolderOf serial: SerialNumber) throws -> Standing? {
        let row = try self.connection.prepare(Self.byHeldSerial)
        try row.bind(serial.octets, at: 1)
        return try Self.standing(row)
    }

    private static func standing(_ row: borrowing LedgerStatement) throws -> Standing? {
        guard try row.step() else { return nil }
        guard let device = DeviceID(octets: row.octets(0)), let state = DeviceState(rawValue: row.text(1)) else {
            throw EnrollmentError.unreadable("a device")
        }
        return Standing(
            device: device,
            userID: row.text(8),
            state: state,
            isShared: row.boolean(2),
            lastProvenContact: Timestamp(microseconds: row.integer(3)),
            certificateSerial: row.optionalOctets(4),
            generation: row.integer(5),
            conflicts: try row.optionalOctets(6).map { try TextList.decode($0) } ?? [],
            hardwareID: row.optionalText(7)
        )
    }

    // MARK: Counting

    /// How many slots of the user are filled; stops counting at `most`.
    func countFilledSlots(of userID: String, staleBefore: Timestamp, most: Int) throws -> Int {
        let statement = try self.connection.prepare(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM device WHERE user_id = ?1 AND last_proven_contact >= ?2
                    AND is_shared = 0 AND is_live = 1
                LIMIT ?3) AS counted
            """
        )
        try statement.bind(userID, at: 1)
        try statement.bind(staleBefore.microseconds, at: 2)
        try statement.bind(max(0, most), at: 3)
        return try statement.step() ? Int(statement.integer(0)) : 0
    }

    /// The devices that fill the user's slots, the most recent contact first; at most 1 000.
    func filledSlots(of userID: String, staleBefore: Timestamp) throws -> [CountedDevice] {
        let row = try self.connection.prepare(
            """
            SELECT id, name, state, last_proven_contact, certificate_ends FROM device
            WHERE user_id = ?1 AND last_proven_contact >= ?2
                AND is_shared = 0 AND is_live = 1
            ORDER BY last_proven_contact DESC, ordinal DESC LIMIT 1000
            """
        )
        try row.bind(userID, at: 1)
        try row.bind(staleBefore.microseconds, at: 2)
        var devices: [CountedDevice] = []
        while try row.step() {
            guard let device = DeviceID(octets: row.octets(0)), let state = DeviceState(rawValue: row.text(2)) else {
                throw EnrollmentError.unreadable("a device")
            }
            devices.append(
                CountedDevice(
                    device: device,
                    name: row.text(1),
                    state: state,
                    lastProvenContact: Timestamp(microseconds: row.integer(3)),
                    certificateEnds: row.optionalInteger(4).map { Timestamp(microseconds: $0) }
                )
            )
        }
        return devices
    }

    /// The devices that fill the user's slots where no more are allowed; `nil` where there is room.
    func exhausted(_ limit: DeviceLimit, of userID: String) throws -> [CountedDevice]? {
        let filled = try self.countFilledSlots(of: userID, staleBefore: limit.staleBefore, most: limit.maximum)
        guard filled >= limit.maximum else { return nil }
        return try self.filledSlots(of: userID, staleBefore: limit.staleBefore)
    }

    // MARK: Changes

    /// Makes the row of a device that was not there before, in the state `reserved`.
    func insert(_ reservation: Reservation, conflicts: [String]) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, hardware_id, claimed_device_id,
                claimed_key, os_version, model, first_enrolled, last_proven_contact, pending_serial, conflicts)
            VALUES (?1, ?2, 'reserved', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13)
            """
        )
        try self.bindClaims(of: reservation, conflicts: conflicts, to: statement)
        try statement.bind(reservation.user.id, at: 2)
        try statement.run()
    }

    /// Takes what a device that is already there now claims; its state stays what it is.
    func renewClaims(_ reservation: Reservation, conflicts: [String]) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET name = ?3, name_key = ?4, enrollment_type = ?5, hardware_id = ?6, claimed_device_id = ?7,
                claimed_key = ?8, os_version = ?9, model = ?10, last_proven_contact = ?11, pending_serial = ?12,
                conflicts = ?13
            WHERE id = ?1
            """
        )
        try self.bindClaims(of: reservation, conflicts: conflicts, to: statement)
        try statement.run()
    }

    private func bindClaims(
        of reservation: Reservation,
        conflicts: [String],
        to statement: borrowing LedgerStatement
    ) throws {
        let claims = reservation.claims
        let name = claims.deviceName ?? ""
        try statement.bind(reservation.device.octets, at: 1)
        try statement.bind(name, at: 3)
        try statement.bind(name.lowercased(), at: 4)
        try statement.bind(claims.enrollmentType.rawValue, at: 5)
        try statement.bind(claims.hardwareID?.lowercased(), at: 6)
        try statement.bind(claims.deviceID, at: 7)
        try statement.bind(claims.deviceID.lowercased(), at: 8)
        try statement.bind(claims.osVersion, at: 9)
        try statement.bind(claims.model, at: 10)
        try statement.bind(reservation.now.microseconds, at: 11)
        try statement.bind(reservation.prepared.draft.serialNumber.octets, at: 12)
        try statement.bind(TextList.encode(conflicts), at: 13)
    }

    /// Gives the device its certificate and the next generation.
    func issue(
        _ device: DeviceID,
        holding certificate: IssuedCertificate,
        on terms: EnrollmentTerms,
        at now: Timestamp
    ) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET state = 'issued', certificate_serial = ?2, certificate_ends = ?3,
                generation = generation + 1, pending_serial = nullif(pending_serial, ?2), provider = ?4,
                ownership = ?5, ownership_rule = ?6, issued = ?7, silence_told = 0
            WHERE id = ?1
            """
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(certificate.serialNumber.octets, at: 2)
        try statement.bind(certificate.validity.notAfter.microseconds, at: 3)
        try statement.bind(terms.providerID, at: 4)
        try statement.bind(terms.ownership.rawValue, at: 5)
        try statement.bind(terms.ownershipRule, at: 6)
        try statement.bind(now.microseconds, at: 7)
        try statement.run()
    }

    /// Ends a reservation of the device: a new one is released, one that was there keeps its earlier standing, and one
    /// that came back after it had expired is expired again.
    ///
    /// Where another reservation of the same device is still open, that one carries on. A permit that the ended one used
    /// is free again.
    func endReservation(of device: [UInt8], serial: [UInt8], other: [UInt8]?, previousContact: Int64?) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE device SET pending_serial = ?3,
                state = CASE WHEN state <> 'reserved' OR ?3 IS NOT NULL THEN state
                    WHEN certificate_serial IS NULL THEN 'released' ELSE 'expired' END,
                is_live = CASE WHEN state = 'reserved' AND ?3 IS NULL THEN 0 ELSE is_live END,
                last_proven_contact = CASE WHEN ?3 IS NULL THEN coalesce(?4, last_proven_contact)
                    ELSE last_proven_contact END
            WHERE id = ?1 AND pending_serial = ?2
            """
        )
        try statement.bind(device, at: 1)
        try statement.bind(serial, at: 2)
        try statement.bind(other, at: 3)
        try statement.bind(previousContact, at: 4)
        try statement.run()
        try PermitTable(connection: self.connection).giveBack(usedFor: serial)
    }

    /// - Returns: `false` when there is no such device.
    func setShared(_ isShared: Bool, _ device: DeviceID) throws -> Bool {
        let statement = try self.connection.prepare("UPDATE device SET is_shared = ?2 WHERE id = ?1")
        try statement.bind(device.octets, at: 1)
        try statement.bind(isShared, at: 2)
        return try statement.runCounting() == 1
    }
}
