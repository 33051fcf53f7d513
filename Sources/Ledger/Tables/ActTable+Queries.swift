internal import EnrollmentCore
internal import SQLText

extension ActTable {
    private static let columns: SQL = """
        SELECT trace_id, verb, actor, reason, ticket, recorded, device, facts FROM act
        """
    private static let ofDevice = Self.columns + "WHERE device = ?1 ORDER BY ordinal DESC LIMIT ?2"
    private static let ofVerb = Self.columns + "WHERE device = ?1 AND verb = ?2 ORDER BY ordinal DESC LIMIT 1"
    private static let ofAll = Self.columns + "WHERE verb = ?1 ORDER BY ordinal DESC LIMIT 1"
    private static let one = Self.columns + "WHERE trace_id = ?1"

    /// What was ordered for the device, newest first.
    func list(of device: DeviceID, limit: Int) throws -> [ActRecord] {
        let row = try self.connection.prepare(Self.ofDevice)
        try row.bind(device.octets, at: 1)
        try row.bind(min(max(0, limit), PageSize.largest), at: 2)
        var acts: [ActRecord] = []
        while try row.step() { acts.append(try Self.act(row)) }
        return acts
    }

    /// The latest order of that kind for the device.
    func last(_ verb: AdministrativeAct.Verb, on device: DeviceID) throws -> ActRecord? {
        let row = try self.connection.prepare(Self.ofVerb)
        try row.bind(device.octets, at: 1)
        try row.bind(verb.rawValue, at: 2)
        return try row.step() ? try Self.act(row) : nil
    }

    /// The latest order of that kind; looks at the newest acts first.
    func last(_ verb: AdministrativeAct.Verb) throws -> ActRecord? {
        let row = try self.connection.prepare(Self.ofAll)
        try row.bind(verb.rawValue, at: 1)
        return try row.step() ? try Self.act(row) : nil
    }

    func find(_ traceID: TraceID) throws -> ActRecord? {
        let row = try self.connection.prepare(Self.one)
        try row.bind(traceID.description, at: 1)
        return try row.step() ? try Self.act(row) : nil
    }

    private static func act(_ row: borrowing LedgerStatement) throws -> ActRecord {
        guard let traceID = TraceID(row.text(0)), let verb = AdministrativeAct.Verb(rawValue: row.text(1)) else {
            throw EnrollmentError.unreadable("an act")
        }
        return ActRecord(
            act: AdministrativeAct(
                traceID: traceID,
                verb: verb,
                actor: row.text(2),
                reason: row.text(3),
                ticket: row.optionalText(4),
                time: Timestamp(microseconds: row.integer(5))
            ),
            device: row.optionalOctets(6).flatMap { DeviceID(octets: $0) },
            facts: try Fact.decode(row.octets(7))
        )
    }
}
