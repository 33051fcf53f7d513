extension PostgresConnection {
    /// Makes the connection fit for somebody else: nothing queued, no transaction open.
    ///
    /// Costs nothing when it is already.
    ///
    /// - Returns: `false` when it cannot be made so; close it.
    func reset() -> Bool {
        // Whose statement it was has heard of its error, or did not want to. Also drops answers that nobody took.
        try? self.synchronize()
        guard !self.isBroken else { return false }
        guard self.transactionStatus != .idle else { return true }
        do throws(PostgresError) {
            try self.executeScript("ROLLBACK")
        } catch {
            return false
        }
        return self.transactionStatus == .idle
    }
}
