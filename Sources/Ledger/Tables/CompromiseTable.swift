internal import EnrollmentCore
internal import SQLText

/// Compromised issuers whose certificates are being revoked, or were.
struct CompromiseTable {
    let connection: LedgerConnection

    func list() throws -> [CompromiseRecord] {
        let row = try self.connection.prepare(
            """
            SELECT issuer_id, successor, trace_id, started, total, per_minute, finished FROM compromise
            ORDER BY started, issuer_id
            """
        )
        var records: [CompromiseRecord] = []
        while try row.step() {
            guard let traceID = TraceID(row.text(2)) else { throw EnrollmentError.unreadable("a compromise") }
            records.append(
                CompromiseRecord(
                    issuerID: row.text(0),
                    successor: row.optionalText(1),
                    traceID: traceID,
                    started: Timestamp(microseconds: row.integer(3)),
                    total: Int(row.integer(4)),
                    perMinute: Int(row.integer(5)),
                    finished: row.optionalInteger(6).map { Timestamp(microseconds: $0) }
                )
            )
        }
        return records
    }

    func find(_ issuer: String) throws -> CompromiseRecord? {
        try self.list().first { $0.issuerID == issuer }
    }

    /// Stores it; of one that is there, the rate and the end become these.
    func store(_ record: CompromiseRecord) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO compromise (issuer_id, successor, trace_id, started, total, per_minute, finished)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (issuer_id) DO UPDATE SET per_minute = ?6, finished = ?7
            """
        )
        try statement.bind(record.issuerID, at: 1)
        try statement.bind(record.successor, at: 2)
        try statement.bind(record.traceID.description, at: 3)
        try statement.bind(record.started.microseconds, at: 4)
        try statement.bind(record.total, at: 5)
        try statement.bind(record.perMinute, at: 6)
        try statement.bind(record.finished?.microseconds, at: 7)
        try statement.run()
    }

    /// The first moment stays.
    func finish(_ issuer: String, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            "UPDATE compromise SET finished = coalesce(finished, ?2) WHERE issuer_id = ?1"
        )
        try statement.bind(issuer, at: 1)
        try statement.bind(now.microseconds, at: 2)
        try statement.run()
    }
}
