internal import EnrollmentCore
internal import SQLText

extension Retention {
    private static let removableEvents: SQL = """
        SELECT o.ordinal, o.position FROM outbox o INDEXED BY outbox_recorded
        WHERE o.recorded < ?1 AND o.position <= ?2 AND NOT EXISTS (
            SELECT 1 FROM destination t CROSS JOIN delivery v ON v.destination = t.name AND v.position = o.position
            WHERE ?3 LIKE '%,' || t.name || ',%')
        ORDER BY o.recorded, o.ordinal LIMIT ?4
        """

    /// Removes events recorded before `moment` that all these destinations have behind them and want no more.
    ///
    /// An event that one of them did not take stays, so that it can be sent again. What other destinations, which are no
    /// longer sent to, did not take goes with its event.
    func pruneEvents(recordedBefore moment: Timestamp, deliveredTo names: [String], limit: Int) throws -> Int {
        let standings = try DestinationTable(connection: self.connection).list()
        let given = standings.filter { names.contains($0.name) }
        // One that was never sent to still wants everything.
        guard Set(given.map(\.name)).isSuperset(of: names) else { return 0 }
        let row = try self.connection.prepare(Self.removableEvents)
        try row.bind(moment.microseconds, at: 1)
        try row.bind(given.map(\.cursor).min() ?? .max, at: 2)
        try row.bind("," + names.joined(separator: ",") + ",", at: 3)
        try row.bind(max(0, limit), at: 4)
        var removals: [(ordinal: Int64, position: Int64)] = []
        while try row.step() { removals.append((row.integer(0), row.integer(1))) }
        let others = standings.filter { !names.contains($0.name) }.map { standing in
            DeliveryTable(connection: self.connection, destination: standing.name)
        }
        for removal in removals {
            let statement = try self.connection.prepare("DELETE FROM outbox WHERE ordinal = ?1")
            try statement.bind(removal.ordinal, at: 1)
            try statement.run()
            for deliveries in others { try deliveries.settle(removal.position) }
        }
        if let highest = removals.map(\.position).max() {
            try OutboxTable(connection: self.connection).notePruned(through: highest)
        }
        return removals.count
    }
}
