internal import EnrollmentCore
internal import SQLText

/// Hand-off events, as they are put in.
struct OutboxTable {
    let connection: LedgerConnection

    /// Puts an event in; its generation is the device's next one, which the caller stores with the device.
    func insert(
        _ event: HandOffEvent,
        predecessor: [UInt8]? = nil,
        traceID: TraceID? = nil,
        sealedAccount: [UInt8]? = nil,
        subject: String? = nil,
        details: [Fact] = [],
        provider: String? = nil,
        at now: Timestamp
    ) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO outbox (event, kind, device, generation, serial, predecessor, trace_id, recorded,
                sealed_account, subject, details, provider)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """
        )
        try statement.bind(event.id.octets, at: 1)
        try statement.bind(event.kind.rawValue, at: 2)
        try statement.bind(event.device?.octets, at: 3)
        try statement.bind(Int64(event.generation), at: 4)
        try statement.bind(event.serialNumber?.octets, at: 5)
        try statement.bind(predecessor, at: 6)
        try statement.bind(traceID?.description, at: 7)
        try statement.bind(now.microseconds, at: 8)
        try statement.bind(sealedAccount, at: 9)
        try statement.bind(subject, at: 10)
        try statement.bind(Fact.encode(details), at: 11)
        try statement.bind(provider, at: 12)
        try statement.run()
    }

    private static let sealed: SQL = """
        SELECT ordinal, device, sealed_account FROM outbox
        WHERE ordinal > ?1 AND sealed_account IS NOT NULL AND device IS NOT NULL ORDER BY ordinal LIMIT ?2
        """

    func sealedAccounts(after last: Int64, limit: Int) throws -> [(ordinal: Int64, device: DeviceID, sealed: [UInt8])] {
        let row = try self.connection.prepare(Self.sealed)
        try row.bind(last, at: 1)
        try row.bind(limit, at: 2)
        var accounts: [(ordinal: Int64, device: DeviceID, sealed: [UInt8])] = []
        while try row.step() {
            guard let device = DeviceID(octets: row.octets(1)) else {
                throw EnrollmentError.unreadable("a hand-off event")
            }
            accounts.append((row.integer(0), device, row.octets(2)))
        }
        return accounts
    }

    private static let columns: SQL = "SELECT event, kind, device, generation, serial FROM outbox"
    private static let pending =
        Self.columns + "WHERE ordinal > ?1 ORDER BY ordinal LIMIT ?2"

    func pending(limit: Int) throws -> [HandOffEvent] {
        let row = try self.connection.prepare(Self.pending)
        try row.bind(0 as Int64, at: 1)
        try row.bind(max(0, limit), at: 2)
        var events: [HandOffEvent] = []
        while try row.step() {
            guard let id = DeviceID(octets: row.octets(0)), let kind = HandOffEvent.Kind(rawValue: row.text(1)),
                let device = row.isNull(2) ? .some(nil) : DeviceID(octets: row.octets(2)).map(Optional.some)
            else { throw EnrollmentError.unreadable("a hand-off event") }
            events.append(
                HandOffEvent(
                    id: id,
                    kind: kind,
                    device: device,
                    generation: Int(row.integer(3)),
                    serialNumber: row.optionalOctets(4).flatMap { SerialNumber(octets: $0) }
                )
            )
        }
        return events
    }
}

extension OutboxTable {
    private static let telling: SQL = """
        INSERT INTO outbox (event, kind, device, generation, serial, predecessor, trace_id, recorded, details, provider)
        SELECT ?1, ?2, id, generation, ?4, ?5, ?6, ?7, ?8, provider FROM device WHERE id = ?3
        """
    /// A certificate that gave way may be known to another server than the device's present one: the one that was told
    /// of it first.
    private static let tellingOfFormer: SQL = """
        INSERT INTO outbox (event, kind, device, generation, serial, predecessor, trace_id, recorded, details, provider)
        SELECT ?1, ?2, id, generation, ?4, ?5, ?6, ?7, ?8, coalesce((
            SELECT e.provider FROM outbox e WHERE e.device = ?3 AND e.serial = ?4 ORDER BY e.ordinal LIMIT 1), provider)
        FROM device WHERE id = ?3
        """

    /// Puts an event under the device's next generation in.
    ///
    /// - Returns: The event's id.
    @discardableResult
    func tell(
        _ kind: HandOffEvent.Kind,
        of device: DeviceID,
        about serial: SerialNumber?,
        id: DeviceID = .fresh(),
        predecessor: SerialNumber? = nil,
        traceID: TraceID? = nil,
        details: [Fact] = [],
        at now: Timestamp
    ) throws -> DeviceID {
        try DeviceTable(connection: self.connection).beginGeneration(of: device)
        let statement = try self.connection.prepare(kind == .superseded ? Self.tellingOfFormer : Self.telling)
        try statement.bind(id.octets, at: 1)
        try statement.bind(kind.rawValue, at: 2)
        try statement.bind(device.octets, at: 3)
        try statement.bind(serial?.octets, at: 4)
        try statement.bind(predecessor?.octets, at: 5)
        try statement.bind(traceID?.description, at: 6)
        try statement.bind(now.microseconds, at: 7)
        try statement.bind(Fact.encode(details), at: 8)
        try statement.run()
        return id
    }
}
