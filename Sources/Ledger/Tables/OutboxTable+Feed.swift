internal import EnrollmentCore
internal import SQLText

/// Events in their places.
extension OutboxTable {
    // MARK: Placing

    /// Whether an event waits for its place.
    func hasUnplaced() throws -> Bool {
        try self.connection.integer("SELECT 1 FROM outbox WHERE position IS NULL LIMIT 1") != nil
    }

    /// Gives events their places in the order in which they were put in; the caller is the only one who does.
    ///
    /// What can be seen now was committed. An earlier event of the same device was committed before a later one was put
    /// in, since both are written under the lock of the device's owner: it can be seen too, and has the lower ordinal.
    ///
    /// - Returns: How many.
    func place(limit: Int) throws -> Int {
        let last = try self.lastPosition()
        let statement = try self.connection.prepare(
            """
            UPDATE outbox SET position = ?1 + waiting.number FROM (
                SELECT ordinal, row_number() OVER (ORDER BY ordinal) AS number FROM (
                    SELECT o.ordinal FROM outbox o WHERE o.position IS NULL ORDER BY o.ordinal LIMIT ?2) AS first
                ) AS waiting
            WHERE outbox.ordinal = waiting.ordinal
            """
        )
        try statement.bind(last, at: 1)
        try statement.bind(max(0, limit), at: 2)
        let count = try statement.runCounting()
        guard count > 0 else { return 0 }
        let feed = try self.connection.prepare(
            """
            INSERT INTO feed ("only", last_position) VALUES (1, ?1)
            ON CONFLICT ("only") DO UPDATE SET last_position = ?1
            """
        )
        try feed.bind(last + Int64(count), at: 1)
        try feed.run()
        try self.connection.tell(.events)
        return count
    }

    /// The highest position that was ever given; 0 when there is none.
    func lastPosition() throws -> Int64 {
        try self.connection.integer("SELECT last_position FROM feed") ?? 0
    }

    /// The lowest position whose event is kept.
    func firstPosition() throws -> Int64? {
        try self.connection.integer("SELECT position FROM outbox WHERE position > 0 ORDER BY position LIMIT 1")
    }

    func extent() throws -> FeedExtent {
        let row = try self.connection.prepare("SELECT pruned, last_position FROM feed")
        guard try row.step() else { return FeedExtent(pruned: 0, last: 0) }
        return FeedExtent(pruned: row.integer(0), last: row.integer(1))
    }

    /// Remembers that everything up to a position may be missing.
    func notePruned(through position: Int64) throws {
        let statement = try self.connection.prepare("UPDATE feed SET pruned = ?1 WHERE pruned < ?1")
        try statement.bind(position, at: 1)
        try statement.run()
    }

    // MARK: Reading

    private static let following =
        FeedRow.columns
            + """
            WHERE o.position > ?1 AND (?3 IS NULL OR ?3 LIKE '%,' || o.kind || ',%') ORDER BY o.position LIMIT ?2
            """

    func events(after position: Int64, kinds: Set<HandOffEvent.Kind>, limit: Int) throws -> [FeedEvent] {
        let row = try self.connection.prepare(Self.following)
        try row.bind(position, at: 1)
        try row.bind(PageSize.clamped(limit), at: 2)
        try row.bind(Self.list(kinds), at: 3)
        return try self.complete(try FeedRow.all(row))
    }

    private static let atPositions = FeedRow.columns + "WHERE o.position IN" + Batch.placeholders

    func events(at positions: [Int64]) throws -> [FeedEvent] {
        let rows = try Batch.rows(of: Set(positions).sorted(), on: self.connection) { batch in
            let row = try self.connection.prepare(Self.atPositions)
            for (index, position) in batch.enumerated() { try row.bind(position, at: Int32(index + 1)) }
            return try FeedRow.all(row)
        }
        return try self.complete(rows.sorted { $0.event.position < $1.event.position })
    }

    /// Adds the attempts behind refusals, which are few.
    func complete(_ rows: [FeedRow]) throws -> [FeedEvent] {
        let refused = rows.filter { $0.event.event.kind == .limitRefused }.compactMap(\.event.traceID)
        guard !refused.isEmpty else { return rows.map(\.event) }
        let attempts = AttemptTable(connection: self.connection)
        try self.connection.foresee(refused.map { traceID in { _ = try attempts.find(traceID) } })
        return try rows.map { row in
            guard row.event.event.kind == .limitRefused, let traceID = row.event.traceID else { return row.event }
            return row.event.with(attempt: try attempts.find(traceID))
        }
    }

    /// Kinds as `,one,two,`, which a statement can look for one in; `nil` for all.
    static func list(_ kinds: Set<HandOffEvent.Kind>) -> String? {
        kinds.isEmpty ? nil : "," + kinds.map(\.rawValue).sorted().joined(separator: ",") + ","
    }
}

extension OutboxTable {
    /// Tells that a user's limit kept a device out, where that is what became of the attempt; once for each attempt.
    func tellLimitReached(_ attempt: Attempt) throws {
        guard attempt.outcome == .refused, attempt.rule == "limit.reached" else { return }
        let statement = try self.connection.prepare(
            """
            INSERT INTO outbox (event, kind, generation, trace_id, recorded, subject)
            VALUES (?1, 'limit-refused', 0, ?2, ?3, ?4) ON CONFLICT (event) DO NOTHING
            """
        )
        try statement.bind(DeviceID(eventOf: attempt.traceID).octets, at: 1)
        try statement.bind(attempt.traceID.description, at: 2)
        try statement.bind(attempt.started.microseconds + attempt.microseconds, at: 3)
        try statement.bind(attempt.userID, at: 4)
        try statement.run()
    }

    func holds(_ event: DeviceID) throws -> Bool {
        let row = try self.connection.prepare("SELECT 1 FROM outbox WHERE event = ?1")
        try row.bind(event.octets, at: 1)
        return try row.step()
    }
}

extension DeviceID {
    /// The id of the one event that an attempt can lead to: always the same, so that it is told of once.
    init(eventOf traceID: TraceID) {
        let symbols = traceID.description.utf8.filter { $0 != UInt8(ascii: "-") }
        // What a UUID has for its version and variant stays free.
        self.init(random: Array(symbols[..<6]) + [0] + [symbols[6]] + [0] + Array(symbols[7...]) + [0, 0])
    }
}
