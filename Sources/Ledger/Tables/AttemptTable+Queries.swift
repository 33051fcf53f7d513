internal import EnrollmentCore
internal import SQLText

extension AttemptTable {
    private static let columns: SQL = """
        SELECT ordinal, trace_id, operation, outcome, started, microseconds, source_address, claimed_name, user_id,
            claimed_device_id, hardware_id, device_name, os_version, device, serial, steps, code, rule, detail, facts,
            counted
        FROM attempt
        """
    /// The filters that the chosen index does not answer; `+` keeps the planner from choosing theirs.
    private static let rest: SQL = """
        AND (?3 IS NULL OR +outcome = ?3) AND (?4 IS NULL OR +operation = ?4) AND (?5 IS NULL OR +user_id = ?5)
        AND (?6 IS NULL OR +claimed_key = ?6) AND (?7 IS NULL OR +device = ?7)
        ORDER BY ordinal DESC LIMIT ?2
        """
    private static let all = Self.columns + "WHERE ordinal < ?1" + Self.rest
    private static let ofDevice = Self.columns + "WHERE ordinal < ?1 AND device = ?7" + Self.rest
    private static let ofUser = Self.columns + "WHERE ordinal < ?1 AND user_id = ?5" + Self.rest
    private static let ofName = Self.columns + "WHERE ordinal < ?1 AND claimed_key = ?6" + Self.rest
    private static let withOutcome = Self.columns + "WHERE ordinal < ?1 AND outcome = ?3" + Self.rest
    private static let ofOperation = Self.columns + "WHERE ordinal < ?1 AND operation = ?4" + Self.rest
    private static let one = Self.columns + "WHERE trace_id = ?1"

    func list(_ query: AttemptQuery) throws -> Page<Attempt> {
        let paging = try Paging(after: query.after, limit: query.limit)
        let row = try self.connection.prepare(Self.statement(for: query))
        try paging.bind(to: row)
        try row.bind(query.outcome?.rawValue, at: 3)
        try row.bind(query.operation?.rawValue, at: 4)
        try row.bind(query.userID, at: 5)
        try row.bind(query.claimedName?.lowercased(), at: 6)
        try row.bind(query.device?.octets, at: 7)
        return try paging.page(row, Self.attempt)
    }

    /// The filter that leaves fewest rows leads.
    private static func statement(for query: AttemptQuery) -> SQL {
        if query.device != nil { return Self.ofDevice }
        if query.userID != nil { return Self.ofUser }
        if query.claimedName != nil { return Self.ofName }
        switch (query.outcome, query.operation) {
        case (nil, nil): return Self.all
        case (.succeeded?, .some), (nil, .some): return Self.ofOperation
        case (.some, _): return Self.withOutcome
        }
    }

    func find(_ traceID: TraceID) throws -> Attempt? {
        let row = try self.connection.prepare(Self.one)
        try row.bind(traceID.description, at: 1)
        return try row.step() ? try Self.attempt(row) : nil
    }

    private static func attempt(_ row: borrowing LedgerStatement) throws -> Attempt {
        guard let traceID = TraceID(row.text(1)), let operation = Attempt.Operation(rawValue: row.text(2)),
            let outcome = Attempt.Outcome(rawValue: row.text(3))
        else { throw EnrollmentError.unreadable("an attempt") }
        var attempt = Attempt(
            traceID: traceID,
            operation: operation,
            started: Timestamp(microseconds: row.integer(4)),
            sourceAddress: row.text(6),
            claimedName: row.optionalText(7)
        )
        attempt.outcome = outcome
        attempt.microseconds = row.integer(5)
        attempt.userID = row.optionalText(8)
        attempt.claimedDeviceID = row.optionalText(9)
        attempt.hardwareID = row.optionalText(10)
        attempt.deviceName = row.optionalText(11)
        attempt.osVersion = row.optionalText(12)
        attempt.device = row.optionalOctets(13).flatMap { DeviceID(octets: $0) }
        attempt.serialNumber = row.optionalOctets(14).flatMap { SerialNumber(octets: $0) }
        attempt.steps = try row.optionalOctets(15).map { try Attempt.Step.decode($0) } ?? []
        attempt.code = row.optionalText(16).flatMap { EnrollmentError.Code(rawValue: $0) }
        attempt.rule = row.optionalText(17)
        attempt.detail = row.optionalText(18)
        attempt.facts = try row.optionalOctets(19).map { try Fact.decode($0) } ?? []
        attempt.counted = try row.optionalOctets(20).map { try CountedDevice.decode($0) } ?? []
        return attempt
    }
}

extension AttemptTable {
    private static let refusedRenewal =
        Self.columns
            + """
            WHERE device = ?1 AND +operation = 'renewal' AND +outcome = 'refused'
                AND started >= coalesce((SELECT recorded FROM certificate WHERE certificate.serial = ?2), 0)
            ORDER BY ordinal DESC LIMIT 1
            """

    /// The device's latest renewal that was refused since it has its certificate.
    func lastRefusedRenewal(of device: DeviceID, since serial: [UInt8]?) throws -> Attempt? {
        let row = try self.connection.prepare(Self.refusedRenewal)
        try row.bind(device.octets, at: 1)
        try row.bind(serial, at: 2)
        return try row.step() ? try Self.attempt(row) : nil
    }
}
