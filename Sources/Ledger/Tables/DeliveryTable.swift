internal import EnrollmentCore
internal import SQLText

/// Events that did not get through to a destination at once, and those that are to be sent once more.
struct DeliveryTable {
    /// Counting stops there.
    static let mostCounted = 10_000

    let connection: LedgerConnection
    let destination: String

    // MARK: Queries

    private static let columns: SQL = """
        SELECT v.position, v.device, v.state, v.attempts, v.since, v.next_try, v.last_error, v.is_replay FROM delivery v
        """
    /// The index is named, since by the key more than what is due would be looked at.
    private static let due =
        Self.columns
            + """
            INDEXED BY delivery_due WHERE v.destination = ?1 AND v.state = 'waiting' AND v.next_try <= ?2
                AND (v.is_replay = 1 OR v.device IS NULL OR NOT EXISTS (
                    SELECT 1 FROM delivery e INDEXED BY delivery_device
                    WHERE e.destination = ?1 AND e.device = v.device AND e.position < v.position
                        AND e.state = 'waiting' AND e.is_replay = 0 AND e.device IS NOT NULL))
            ORDER BY v.next_try, v.position LIMIT ?3
            """
    private static let waiting =
        Self.columns
            + """
            WHERE v.destination = ?1 AND v.position > ?2 AND v.state = 'waiting' ORDER BY v.position LIMIT ?3
            """
    /// Few are dead, and the key would lead past all that wait.
    private static let dead =
        Self.columns
            + """
            INDEXED BY delivery_dead WHERE v.destination = ?1 AND v.position > ?2 AND v.state = 'dead'
            ORDER BY v.position LIMIT ?3
            """

    /// What is due: of each device the earliest event, and replays.
    func due(by moment: Timestamp, limit: Int) throws -> [Delivery] {
        let row = try self.connection.prepare(Self.due)
        try row.bind(self.destination, at: 1)
        try row.bind(moment.microseconds, at: 2)
        try row.bind(max(0, limit), at: 3)
        return try Self.deliveries(row)
    }

    func list(_ state: Delivery.State, after key: String?, limit: Int) throws -> Page<Delivery> {
        guard let after = key.map({ Int64($0) }) ?? 0 else {
            throw EnrollmentError(
                .messageFormat,
                "The key to continue a list after is not one that a page gave.",
                rule: "query.after"
            )
        }
        let limit = PageSize.clamped(limit)
        let statement =
            switch state {
            case .waiting: Self.waiting
            case .dead: Self.dead
            }
        let row = try self.connection.prepare(statement)
        try row.bind(self.destination, at: 1)
        try row.bind(after, at: 2)
        try row.bind(limit + 1, at: 3)
        let all = try Self.deliveries(row)
        let page = Array(all.prefix(limit))
        return Page(elements: page, next: all.count > limit ? page.last.map { String($0.position) } : nil)
    }

    /// How many there are in a state; stops counting at ``mostCounted``.
    func count(_ state: Delivery.State) throws -> Int {
        let statement: SQL =
            switch state {
            case .waiting:
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM delivery INDEXED BY delivery_due
                    WHERE destination = ?1 AND state = 'waiting' LIMIT ?2) AS counted
                """
            case .dead:
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM delivery INDEXED BY delivery_dead
                    WHERE destination = ?1 AND state = 'dead' LIMIT ?2) AS counted
                """
            }
        let row = try self.connection.prepare(statement)
        try row.bind(self.destination, at: 1)
        try row.bind(Self.mostCounted, at: 2)
        return try row.step() ? Int(row.integer(0)) : 0
    }

    private static let blockedAmong: SQL =
        "SELECT v.device FROM delivery v WHERE v.device IN" + Batch.placeholders
            + """
            AND v.destination = ?33 AND v.state = 'waiting' AND v.is_replay = 0 AND v.device IS NOT NULL
            """

    /// Those of the devices whose later events have to wait behind one that waits already.
    func blocked(_ devices: [DeviceID]) throws -> Set<DeviceID> {
        guard !devices.isEmpty, try self.blocksAnything() else { return [] }
        let keys = Set(devices.map(\.octets)).sorted { $0.lexicographicallyPrecedes($1) }
        let blocked = try Batch.rows(of: keys, on: self.connection) { batch in
            let row = try self.connection.prepare(Self.blockedAmong)
            for (index, device) in batch.enumerated() { try row.bind(device, at: Int32(index + 1)) }
            try row.bind(self.destination, at: 33)
            var found: [DeviceID] = []
            while try row.step() {
                guard let device = DeviceID(octets: row.octets(0)) else {
                    throw EnrollmentError.unreadable("a delivery")
                }
                found.append(device)
            }
            return found
        }
        return Set(blocked)
    }

    /// Mostly nothing waits, which one look tells.
    private func blocksAnything() throws -> Bool {
        let row = try self.connection.prepare(
            """
            SELECT 1 FROM delivery INDEXED BY delivery_device
            WHERE destination = ?1 AND state = 'waiting' AND is_replay = 0 AND device IS NOT NULL LIMIT 1
            """
        )
        try row.bind(self.destination, at: 1)
        return try row.step()
    }

    func holds(_ position: Int64) throws -> Bool {
        let row = try self.connection.prepare("SELECT 1 FROM delivery WHERE destination = ?1 AND position = ?2")
        try row.bind(self.destination, at: 1)
        try row.bind(position, at: 2)
        return try row.step()
    }

    private static func deliveries(_ row: borrowing LedgerStatement) throws -> [Delivery] {
        var deliveries: [Delivery] = []
        while try row.step() {
            guard let state = Delivery.State(rawValue: row.text(2)) else {
                throw EnrollmentError.unreadable("a delivery")
            }
            deliveries.append(
                Delivery(
                    position: row.integer(0),
                    device: row.optionalOctets(1).flatMap { DeviceID(octets: $0) },
                    state: state,
                    attempts: Int(row.integer(3)),
                    since: Timestamp(microseconds: row.integer(4)),
                    nextTry: Timestamp(microseconds: row.integer(5)),
                    lastError: row.optionalText(6),
                    isReplay: row.boolean(7)
                )
            )
        }
        return deliveries
    }

    // MARK: Changes

    func put(_ delivery: Delivery) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO delivery (destination, position, device, state, attempts, since, next_try, last_error, is_replay)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (destination, position) DO UPDATE SET device = ?3, state = ?4, attempts = ?5, since = ?6,
                next_try = ?7, last_error = ?8, is_replay = ?9
            """
        )
        try statement.bind(self.destination, at: 1)
        try statement.bind(delivery.position, at: 2)
        try statement.bind(delivery.device?.octets, at: 3)
        try statement.bind(delivery.state.rawValue, at: 4)
        try statement.bind(delivery.attempts, at: 5)
        try statement.bind(delivery.since.microseconds, at: 6)
        try statement.bind(delivery.nextTry.microseconds, at: 7)
        try statement.bind(delivery.lastError, at: 8)
        try statement.bind(delivery.isReplay, at: 9)
        try statement.run()
    }

    /// Has an event sent once more, at once; one that waits in its device's order keeps its place there.
    func replay(_ place: OutboxTable.Place, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO delivery (destination, position, device, state, attempts, since, next_try, is_replay)
            VALUES (?1, ?2, ?3, 'waiting', 0, ?4, ?4, 1)
            ON CONFLICT (destination, position) DO UPDATE SET state = 'waiting', attempts = 0, since = ?4,
                next_try = ?4, is_replay = CASE WHEN delivery.state = 'dead' THEN 1 ELSE delivery.is_replay END
            """
        )
        try statement.bind(self.destination, at: 1)
        try statement.bind(place.position, at: 2)
        try statement.bind(place.device?.octets, at: 3)
        try statement.bind(now.microseconds, at: 4)
        try statement.run()
    }

    func settle(_ position: Int64) throws {
        let statement = try self.connection.prepare("DELETE FROM delivery WHERE destination = ?1 AND position = ?2")
        try statement.bind(self.destination, at: 1)
        try statement.bind(position, at: 2)
        try statement.run()
    }
}
