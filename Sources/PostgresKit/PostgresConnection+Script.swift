internal import CPostgres

extension PostgresConnection {
    /// Lets the server begin with what is queued, without waiting for it; only as much is sent as goes at once.
    public func flush() {
        guard !self.isBroken else { return }
        self.link.exchangeAtOnce()
    }

    /// Runs several statements that take no parameters and whose rows do not matter.
    ///
    /// Without BEGIN and COMMIT in it they are one transaction. What was sent before is synchronized first.
    ///
    /// - Parameters:
    ///   - script: Written in the source or made of its parts: nothing in it is escaped.
    ///   - patience: How long to wait for all of it; ``patience`` unless given.
    /// - Throws: ``PostgresError`` of the first statement that did not succeed; later ones were not run.
    public func executeScript(_ script: String, patience: Duration? = nil) throws(PostgresError) {
        try self.synchronize()
        try self.refuseBroken("script")
        let pointer = self.link.pointer
        // Several statements in one text are of the simple protocol, which knows no pipeline.
        try self.check(PQexitPipelineMode(pointer), "script")
        try self.check(PQsendQuery(pointer, script), "script")
        self.countRoundTrip()
        let error = try self.readScript(before: .now + (patience ?? self.patience))
        try self.check(PQenterPipelineMode(pointer), "script")
        if let error { throw error }
    }

    /// Reads to the end of the script's answers; returns the first error that leaves the connection usable.
    private func readScript(before deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresError? {
        var first: PostgresError?
        while let result = try self.link.nextResult(before: deadline, "script") {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
            case PGRES_FATAL_ERROR:
                let hasEnded = result.isFatal || PQstatus(self.link.pointer) == CONNECTION_BAD
                let error = result.error("script", statement: nil, endedConnection: hasEnded)
                if error.endedConnection {
                    self.link.giveUp()
                    throw error
                }
                first = first ?? error
            default: throw self.link.lost("script", "an answer of a sort that is not expected")
            }
        }
        return first
    }
}
