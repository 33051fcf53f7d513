internal import EnrollmentCore
internal import SQLText

extension DeviceTable {
    static let list: SQL = """
        SELECT d.ordinal, d.id, d.state, d.user_id, u.principal_name, d.name, d.enrollment_type, d.hardware_id,
            d.claimed_device_id, d.os_version, d.model, d.is_shared, d.generation, d.first_enrolled,
            d.last_proven_contact, d.certificate_serial, d.certificate_ends, d.conflicts, d.provider,
            d.ownership, d.ownership_rule, d.issued, d.silence_told
        """
    private static let columns = Self.list + "FROM device d CROSS JOIN \"user\" u ON u.id = d.user_id"
    private static let all = Self.columns + "WHERE d.ordinal < ?1 ORDER BY d.ordinal DESC LIMIT ?2"
    private static let ofUser =
        Self.columns
            + """
            WHERE d.ordinal < ?1 AND d.user_id = ?3 AND (?4 IS NULL OR d.state = ?4) ORDER BY d.ordinal DESC LIMIT ?2
            """
    private static let inState =
        Self.columns + "WHERE d.ordinal < ?1 AND d.state = ?4 ORDER BY d.ordinal DESC LIMIT ?2"
    private static let one = Self.columns + "WHERE d.id = ?1"
    private static let named = Self.columns + "WHERE d.name_key = ?1 ORDER BY d.ordinal DESC LIMIT ?2"
    private static let between = Self.columns + "WHERE d.id BETWEEN ?1 AND ?3 ORDER BY d.id LIMIT ?2"

    func list(_ query: DeviceQuery) throws -> Page<DeviceRecord> {
        let paging = try Paging(after: query.after, limit: query.limit)
        let row =
            if query.userID != nil {
                try self.connection.prepare(Self.ofUser)
            } else if query.state != nil {
                try self.connection.prepare(Self.inState)
            } else {
                try self.connection.prepare(Self.all)
            }
        try paging.bind(to: row)
        if let userID = query.userID { try row.bind(userID, at: 3) }
        if query.userID != nil || query.state != nil { try row.bind(query.state?.rawValue, at: 4) }
        return try paging.page(row, Self.record)
    }

    func find(_ device: DeviceID) throws -> DeviceRecord? {
        let row = try self.connection.prepare(Self.one)
        try row.bind(device.octets, at: 1)
        return try row.step() ? try Self.record(row) : nil
    }

    func find(named name: String, limit: Int) throws -> [DeviceRecord] {
        let row = try self.connection.prepare(Self.named)
        try row.bind(name.lowercased(), at: 1)
        try row.bind(limit, at: 2)
        return try Self.records(row)
    }

    /// Devices whose id begins with so many hexadecimal digits.
    func find(digits: String, limit: Int) throws -> [DeviceRecord] {
        func padded(_ digit: Character) -> [UInt8]? {
            Hexadecimal.decode(digits + String(repeating: digit, count: 32 - digits.count))
        }
        guard digits.count <= 32, let low = padded("0"), let high = padded("f") else { return [] }
        let row = try self.connection.prepare(Self.between)
        try row.bind(low, at: 1)
        try row.bind(limit, at: 2)
        try row.bind(high, at: 3)
        return try Self.records(row)
    }

    private static func records(_ row: borrowing LedgerStatement) throws -> [DeviceRecord] {
        var records: [DeviceRecord] = []
        while try row.step() { records.append(try Self.record(row)) }
        return records
    }

    static func record(_ row: borrowing LedgerStatement) throws -> DeviceRecord {
        guard let device = DeviceID(octets: row.octets(1)), let state = DeviceState(rawValue: row.text(2)),
            let type = EnrollmentType(rawValue: row.text(6)),
            let ownership = EnrollmentTerms.Ownership(rawValue: row.text(19))
        else { throw EnrollmentError.unreadable("a device") }
        return DeviceRecord(
            device: device,
            state: state,
            userID: row.text(3),
            userPrincipalName: row.text(4),
            name: row.text(5),
            enrollmentType: type,
            hardwareID: row.optionalText(7),
            claimedDeviceID: row.text(8),
            osVersion: row.optionalText(9),
            model: row.optionalText(10),
            isShared: row.boolean(11),
            generation: Int(row.integer(12)),
            firstEnrolled: Timestamp(microseconds: row.integer(13)),
            lastProvenContact: Timestamp(microseconds: row.integer(14)),
            certificateSerial: row.optionalOctets(15).flatMap { SerialNumber(octets: $0) },
            certificateEnds: row.optionalInteger(16).map { Timestamp(microseconds: $0) },
            conflicts: try row.optionalOctets(17).map { try TextList.decode($0) } ?? [],
            providerID: row.text(18),
            ownership: ownership,
            ownershipRule: row.text(20)
        )
    }
}

// MARK: Silence

extension DeviceTable {
    private static let silent =
        Self.list
            + """
            FROM device d INDEXED BY device_silent CROSS JOIN "user" u ON u.id = d.user_id
            WHERE d.state IN ('issued', 'handed-off') AND d.issued >= ?3 AND d.issued < ?4
                AND (d.issued > ?3 OR d.ordinal > ?1)
            ORDER BY d.issued, d.ordinal LIMIT ?2
            """
    /// Most of those that are silent were told of long ago; their index leaves them out.
    private static let untold =
        Self.list
            + """
            FROM device d INDEXED BY device_untold CROSS JOIN "user" u ON u.id = d.user_id
            WHERE d.state IN ('issued', 'handed-off') AND d.silence_told = 0 AND d.issued < ?1
            ORDER BY d.issued, d.ordinal LIMIT ?2
            """

    /// Devices that enrolled before `moment` and were not seen since, the longest silent first.
    func silent(issuedBefore moment: Timestamp, after key: String?, limit: Int) throws -> Page<SilentDevice> {
        let after = try PairKey(key, otherwise: PairKey(.min, 0))
        let limit = PageSize.clamped(limit)
        let row = try self.connection.prepare(Self.silent)
        try row.bind(after.second, at: 1)
        try row.bind(limit + 1, at: 2)
        try row.bind(after.first, at: 3)
        try row.bind(moment.microseconds, at: 4)
        var devices: [(device: SilentDevice, key: PairKey)] = []
        while try row.step() {
            let issued = row.integer(21)
            let device = SilentDevice(
                device: try Self.record(row),
                issued: Timestamp(microseconds: issued),
                isTold: row.boolean(22)
            )
            devices.append((device, PairKey(issued, row.integer(0))))
        }
        guard devices.count > limit else { return Page(elements: devices.map(\.device), next: nil) }
        devices.removeLast()
        return Page(elements: devices.map(\.device), next: devices.last?.key.description)
    }

    /// Those of them of which no event has told.
    func silentAndUntold(issuedBefore moment: Timestamp, limit: Int) throws -> [DeviceRecord] {
        let row = try self.connection.prepare(Self.untold)
        try row.bind(moment.microseconds, at: 1)
        try row.bind(max(0, limit), at: 2)
        return try Self.records(row)
    }

    /// Notes that an event has told of the device's silence.
    func markSilenceTold(_ device: DeviceID) throws {
        let statement = try self.connection.prepare("UPDATE device SET silence_told = 1 WHERE id = ?1")
        try statement.bind(device.octets, at: 1)
        try statement.run()
    }
}
