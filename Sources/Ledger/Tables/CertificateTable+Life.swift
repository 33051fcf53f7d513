internal import EnrollmentCore
internal import SQLText

/// What becomes of certificates after they were issued.
extension CertificateTable {
    /// A certificate that somebody showed, with what decides on what that means.
    struct Sighting {
        let serial: SerialNumber
        let ordinal: Int64
        let state: CertificateState
        let notAfter: Timestamp
        let seen: Timestamp?
        /// When it gives way to a later one at the latest; `nil` where there is none.
        let supersedeAfter: Timestamp?
        /// Ids of the authorities that came with it.
        let delivered: [String]
        /// Its standing revocation.
        let revocation: Revocation?
        /// Who holds it; `nil` for the authority's and the service's own.
        let device: Holder?

        struct Holder {
            let id: DeviceID
            let state: DeviceState
            let lastProvenContact: Timestamp
            /// Ids of the authorities that it is known to have.
            let trusted: Set<String>
        }

        /// Whether it is good for proving who its holder is, but for its end.
        var isValid: Bool { self.state == .issued && self.revocation == nil }
    }

    private static let sighting: SQL = """
        SELECT c.serial, c.ordinal, c.state, c.not_after, c.seen, c.delivered, d.id, d.state, d.last_proven_contact,
            c.issuer_id, r.reason, r.revoked, c.supersede_after, d.trusted
        FROM certificate c LEFT JOIN device d ON d.id = c.device
            LEFT JOIN revocation r ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0)
                AND r.serial = c.serial
        """
    private static let sightingByThumbprint = Self.sighting + "WHERE c.thumbprint = ?1"
    private static let sightingBySerial = Self.sighting + "WHERE c.serial = ?1"

    func sighting(thumbprint: [UInt8]) throws -> Sighting? {
        try self.sighting(Self.sightingByThumbprint, thumbprint)
    }

    func sighting(of serial: SerialNumber) throws -> Sighting? {
        try self.sighting(Self.sightingBySerial, serial.octets)
    }

    private func sighting(_ sql: SQL, _ key: [UInt8]) throws -> Sighting? {
        let row = try self.connection.prepare(sql)
        try row.bind(key, at: 1)
        guard try row.step() else { return nil }
        guard let serial = SerialNumber(octets: row.octets(0)), let state = CertificateState(rawValue: row.text(2))
        else { throw EnrollmentError.unreadable("a certificate") }
        var holder: Sighting.Holder?
        if let octets = row.optionalOctets(6) {
            guard let id = DeviceID(octets: octets), let state = DeviceState(rawValue: row.text(7)) else {
                throw EnrollmentError.unreadable("a device")
            }
            holder = Sighting.Holder(
                id: id,
                state: state,
                lastProvenContact: Timestamp(microseconds: row.integer(8)),
                trusted: TrustedSet.decode(row.text(13))
            )
        }
        var revocation: Revocation?
        if let number = row.optionalInteger(10) {
            revocation = Revocation(
                serialNumber: serial,
                issuerID: row.text(9),
                reason: try RevocationReason.read(number),
                revoked: Timestamp(microseconds: row.integer(11))
            )
        }
        return Sighting(
            serial: serial,
            ordinal: row.integer(1),
            state: state,
            notAfter: Timestamp(microseconds: row.integer(3)),
            seen: row.optionalInteger(4).map { Timestamp(microseconds: $0) },
            supersedeAfter: row.optionalInteger(12).map { Timestamp(microseconds: $0) },
            delivered: try row.optionalOctets(5).map { try TextList.decode($0) } ?? [],
            revocation: revocation,
            device: holder
        )
    }

    /// Notes when the certificate was first seen in use.
    func markSeen(_ serial: SerialNumber, at now: Timestamp) throws {
        let statement = try self.connection.prepare("UPDATE certificate SET seen = ?2 WHERE serial = ?1")
        try statement.bind(serial.octets, at: 1)
        try statement.bind(now.microseconds, at: 2)
        try statement.run()
    }

    /// Sets anew until when a renewed certificate stays valid beside its successor; never past its own end.
    func overlap(_ serial: SerialNumber, until moment: Timestamp) throws {
        let statement = try self.connection.prepare(
            "UPDATE certificate SET supersede_after = CASE WHEN not_after < ?2 THEN not_after ELSE ?2 END WHERE serial = ?1"
        )
        try statement.bind(serial.octets, at: 1)
        try statement.bind(moment.microseconds, at: 2)
        try statement.run()
    }

    /// Certificates that are to be superseded by `moment`, the longest overdue first, and whether each is its device's
    /// current one after all.
    func due(by moment: Timestamp, limit: Int) throws -> [(serial: SerialNumber, device: DeviceID, isCurrent: Bool)] {
        let row = try self.connection.prepare(
            """
            SELECT c.serial, c.device, d.certificate_serial IS NOT DISTINCT FROM c.serial
            FROM certificate c INDEXED BY certificate_due CROSS JOIN device d ON d.id = c.device
            WHERE c.state = 'issued' AND c.supersede_after IS NOT NULL AND c.supersede_after <= ?1
            ORDER BY c.supersede_after, c.ordinal LIMIT ?2
            """
        )
        try row.bind(moment.microseconds, at: 1)
        try row.bind(max(0, limit), at: 2)
        var due: [(SerialNumber, DeviceID, Bool)] = []
        while try row.step() {
            guard let device = DeviceID(octets: row.octets(1)) else { throw EnrollmentError.unreadable("a device") }
            due.append((try Self.serial(row, 0), device, row.boolean(2)))
        }
        return due
    }

    /// The device's issued certificates that were recorded before this one.
    func issued(to device: DeviceID, before serial: SerialNumber) throws -> [SerialNumber] {
        let row = try self.connection.prepare(
            """
            SELECT serial FROM certificate INDEXED BY certificate_device
            WHERE device = ?1 AND ordinal < (SELECT c.ordinal FROM certificate c WHERE c.serial = ?2) AND state = 'issued'
            ORDER BY ordinal
            """
        )
        try row.bind(device.octets, at: 1)
        try row.bind(serial.octets, at: 2)
        return try Self.serials(row)
    }

    /// Whether its device was issued a certificate that was asked for after this one.
    func isFollowed(_ serial: SerialNumber) throws -> Bool {
        let row = try self.connection.prepare(
            """
            SELECT 1 FROM certificate INDEXED BY certificate_device
            WHERE device = (SELECT c.device FROM certificate c WHERE c.serial = ?1) AND state = 'issued'
                AND ordinal > (SELECT c.ordinal FROM certificate c WHERE c.serial = ?1)
            LIMIT 1
            """
        )
        try row.bind(serial.octets, at: 1)
        return try row.step()
    }

    /// How many successors of a certificate were recorded since `moment`; stops counting at `most`.
    func countRenewals(from predecessor: SerialNumber, of device: DeviceID, since moment: Timestamp, most: Int) throws
        -> Int
    {
        let row = try self.connection.prepare(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM certificate INDEXED BY certificate_device
                WHERE device = ?1 AND predecessor = ?2 AND recorded > ?3 AND state <> 'closed'
                LIMIT ?4) AS counted
            """
        )
        try row.bind(device.octets, at: 1)
        try row.bind(predecessor.octets, at: 2)
        try row.bind(moment.microseconds, at: 3)
        try row.bind(max(0, most), at: 4)
        return try row.step() ? Int(row.integer(0)) : 0
    }

    /// Why the key of a recorded certificate is blocked; `nil` when it is not.
    func blockReason(ofKeyOf serial: SerialNumber) throws -> String? {
        let row = try self.connection.prepare(
            """
            SELECT b.reason FROM certificate c CROSS JOIN blocked_key b ON b.key_digest = c.key_digest WHERE c.serial = ?1
            """
        )
        try row.bind(serial.octets, at: 1)
        return try row.step() ? row.text(0) : nil
    }

    /// Other certificates renewed from the same one that the device was never seen with.
    func unseen(renewedFrom predecessor: SerialNumber, besides serial: SerialNumber) throws -> [SerialNumber] {
        let row = try self.connection.prepare(
            """
            SELECT serial FROM certificate INDEXED BY certificate_device
            WHERE device = (SELECT c.device FROM certificate c WHERE c.serial = ?1) AND predecessor = ?1 AND serial <> ?2
                AND state = 'issued' AND seen IS NULL
            ORDER BY ordinal
            """
        )
        try row.bind(predecessor.octets, at: 1)
        try row.bind(serial.octets, at: 2)
        return try Self.serials(row)
    }

    /// Whether a certificate renewed from this one, with which the device was not seen, was asked for after `moment`.
    ///
    /// No request takes an hour: what seems to have been asked for later than that was dated by a clock that was wrong.
    func hasUnseen(renewedFrom predecessor: SerialNumber, askedForAfter moment: Timestamp) throws -> Bool {
        let row = try self.connection.prepare(
            """
            SELECT 1 FROM certificate c INDEXED BY certificate_device CROSS JOIN attempt a ON a.trace_id = c.trace_id
            WHERE c.device = (SELECT p.device FROM certificate p WHERE p.serial = ?1) AND c.predecessor = ?1
                AND c.state = 'issued' AND c.seen IS NULL AND a.started > ?2 AND a.started <= ?3
            LIMIT 1
            """
        )
        try row.bind(predecessor.octets, at: 1)
        try row.bind(moment.microseconds, at: 2)
        try row.bind(moment.adding(seconds: 3_600).microseconds, at: 3)
        return try row.step()
    }

    /// What the device holds, or may hold, and that has not ended by `now`.
    ///
    /// - Parameters:
    ///   - device: The device.
    ///   - state: `issued`, or `intent` for those whose certificate it may hold.
    ///   - now: The present.
    /// - Returns: Their serial numbers, oldest first.
    /// - Throws: What the store answered, or that a row cannot be read.
    func held(by device: DeviceID, _ state: CertificateState, at now: Timestamp) throws -> [SerialNumber] {
        let row = try self.connection.prepare(
            """
            SELECT serial FROM certificate INDEXED BY certificate_device
            WHERE device = ?1 AND state = ?2 AND not_after >= ?3 ORDER BY ordinal
            """
        )
        try row.bind(device.octets, at: 1)
        try row.bind(state.rawValue, at: 2)
        try row.bind(now.microseconds, at: 3)
        return try Self.serials(row)
    }

    private static func serials(_ row: borrowing LedgerStatement) throws -> [SerialNumber] {
        var serials: [SerialNumber] = []
        while try row.step() { serials.append(try Self.serial(row, 0)) }
        return serials
    }

    private static func serial(_ row: borrowing LedgerStatement, _ column: Int32) throws -> SerialNumber {
        guard let serial = SerialNumber(octets: row.octets(column)) else {
            throw EnrollmentError.unreadable("a serial number")
        }
        return serial
    }
}
