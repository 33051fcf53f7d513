internal import CSQLite
internal import SQLText

extension SQLiteConnection {
    /// Starts a transaction that holds the write lock from its first moment.
    ///
    /// Taking the lock later, at the first write, could fail with busy after reads that were already relied on.
    public func begin() throws(SQLiteError) {
        try self.prepare("BEGIN IMMEDIATE").run()
    }

    /// Makes the open transaction durable.
    ///
    /// - Throws: ``SQLiteError``; the transaction may still be open then, so roll back.
    public func commit() throws(SQLiteError) {
        let statement = try self.prepare("COMMIT")
        // SQLite asks for an interrupt once more after it has committed, and would report a success as interrupted.
        self.faults?.shield(true)
        defer { self.faults?.shield(false) }
        try statement.run()
    }

    /// Takes back the open transaction; does nothing when SQLite has ended it already.
    public func rollBack() throws(SQLiteError) {
        guard self.isInTransaction else { return }
        try self.prepare("ROLLBACK").run()
    }

    /// Marks a point inside the open transaction; of several marks, the latest is the one that counts.
    public func markSavepoint() throws(SQLiteError) {
        try self.prepare("SAVEPOINT mark").run()
    }

    /// Keeps what was done since the mark and forgets the mark.
    public func releaseSavepoint() throws(SQLiteError) {
        try self.prepare("RELEASE mark").run()
    }

    /// Takes back what was done since the mark, forgets the mark and leaves the transaction open.
    public func rollBackToSavepoint() throws(SQLiteError) {
        try self.prepare("ROLLBACK TO mark").run()
        try self.releaseSavepoint()
    }

    /// Runs `body` as one transaction: all of it is durable afterwards, or none of it happened.
    ///
    /// - Parameter body: Work on this connection; it must not begin or end a transaction.
    /// - Returns: What `body` returned.
    /// - Throws: ``SQLiteError`` of `body` or of the commit.
    public func transaction<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        do throws(SQLiteError) {
            // An interrupted BEGIN may have begun all the same, hence inside.
            try self.begin()
            let result = try body()
            try self.commit()
            return result
        } catch {
            // The first error says more than a second one while cleaning up after it.
            try? self.rollBack()
            throw error
        }
    }

    /// Runs `body` between a mark and its release: a throw takes back only what `body` did.
    ///
    /// - Parameter body: Work on this connection inside a transaction that is open.
    /// - Returns: What `body` returned.
    /// - Throws: ``SQLiteError`` of `body` or of the release. Look at ``isInTransaction`` afterwards.
    public func savepoint<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try self.markSavepoint()
        do throws(SQLiteError) {
            let result = try body()
            try self.releaseSavepoint()
            return result
        } catch {
            // When the whole transaction is gone there is no mark to go back to.
            if self.isInTransaction { try self.rollBackToSavepoint() }
            throw error
        }
    }
}
