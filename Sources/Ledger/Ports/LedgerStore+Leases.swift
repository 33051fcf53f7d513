package import EnrollmentCore

extension LedgerStore {
    /// Takes those of the leases that are free, have run out, or are the holder's own, which go on then.
    ///
    /// - Parameters:
    ///   - names: What only one process does at a time.
    ///   - holder: Names the process, the same for its whole life and different from every other.
    ///   - now: The present.
    ///   - until: When the leases end by themselves; where the store has a clock of its own, as long after its present.
    /// - Returns: What came of each, by name.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    package func takeLeases(
        _ names: [String],
        holder: String,
        now: Timestamp,
        until: Timestamp
    ) async throws(EnrollmentError) -> [String: LeaseOutcome] {
        try await self.write(LockPlan(names: names)) { connection in
            let leases = LeaseTable(connection: connection)
            var outcomes: [String: LeaseOutcome] = [:]
            for name in names {
                let other = try leases.take(name, holder: holder, now: now, until: until)
                outcomes[name] = other.map { .held(by: $0.holder, until: $0.until) } ?? .taken
            }
            return outcomes
        }
    }

    /// Gives back those of the leases that are the holder's, so that others need not wait for their ends.
    package func giveBackLeases(_ names: [String], holder: String) async throws(EnrollmentError) {
        try await self.write(LockPlan(names: names)) { connection in
            let leases = LeaseTable(connection: connection)
            for name in names where try leases.standing(name)?.holder == holder { try leases.giveBack(name) }
        }
    }
}
