internal import CPostgres

/// One connection to one database, confined to whoever opened it.
///
/// Deliberately not `Sendable`: libpq does no locking. It blocks the calling thread, never past a deadline, so run it
/// where blocking is allowed. Statements are queued (libpq's pipeline mode) and cost no round trip of their own; waiting
/// for rows, or for the end of all, sends what is queued. They are prepared at their first use and kept; their number is
/// bounded by the literals in the source.
///
/// After an error the server ignores everything up to the next ``synchronize()``. Statements outside of BEGIN and COMMIT
/// are one transaction up to the next ``synchronize()``.
public final class PostgresConnection {
    private struct Arrival {
        let result: PostgresResult
        let statement: String
    }

    let link: PostgresLink
    /// How long to wait for an answer; ``PostgresSettings/statementTimeout`` unless changed for a while.
    public var patience: Duration
    /// How often this connection has waited for an answer to what it had sent.
    public private(set) var roundTrips = 0
    /// Nothing was sent since the last synchronization.
    public private(set) var isSynchronized = true
    private var prepared = PreparedStatements()
    private var expected = ExpectedAnswers()
    private var strayMarks = 0
    private var arrived: [PostgresTicket: Arrival] = [:]
    private var tickets = 0
    /// The last one whose answer the server has been told to send already.
    private var lastAwaited = 0
    /// The first error since the last synchronization, or what the connection ended with.
    private var failure: PostgresError?
    private var isStale = false

    init(_ link: PostgresLink, patience: Duration) {
        self.link = link
        self.patience = patience
    }

    /// The connection is of no use any more: close it and open another.
    public var isBroken: Bool { self.link.isBroken || self.isStale }

    /// Queues a statement and returns at once.
    ///
    /// - Parameters:
    ///   - statement: One statement.
    ///   - parameters: For `$1`, `$2`, ….
    /// - Returns: What to ask for the rows with; it may be dropped.
    /// - Throws: ``PostgresError``: ``PostgresError/Kind/invalidValue`` before anything is queued; the first error since
    ///   the last ``synchronize()`` when there was one, as the server would ignore the statement.
    @discardableResult
    public func send(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue] = []
    ) throws(PostgresError) -> PostgresTicket {
        try self.refuseBroken("send", statement.text)
        if let failure { throw failure }
        let list = try ParameterList(parameters, of: statement.text)
        let plan = try self.plan(statement, parameters)
        let pointer = self.link.pointer
        let status = list.withPointers { values, lengths, formats in
            PQsendQueryPrepared(pointer, plan.name, Int32(values.count), values, lengths, formats, 1)
        }
        try self.check(status, "send")
        self.tickets += 1
        let ticket = PostgresTicket(number: self.tickets)
        self.expected.append(.rows(ticket, plan))
        self.isSynchronized = false
        // Or a long queue would pile up in memory on both sides.
        if self.expected.count % 256 == 0 { self.link.exchangeAtOnce() }
        return ticket
    }

    private func plan(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue]
    ) throws(PostgresError) -> PreparedStatement {
        if let plan = self.prepared.find(statement, parameters) { return plan }
        let plan = self.prepared.add(statement, parameters.map(\.type))
        let types = plan.types.map(\.identifier)
        try self.check(
            PQsendPrepare(self.link.pointer, plan.name, plan.text, Int32(types.count), types),
            "prepare"
        )
        self.expected.append(.preparation(plan))
        self.isSynchronized = false
        return plan
    }

    /// Waits for the answer to one statement; it can be taken once.
    ///
    /// - Parameter ticket: What ``send(_:_:)`` returned on this connection since the last ``synchronize()``.
    /// - Returns: All rows.
    /// - Throws: ``PostgresError`` of this statement or of one sent before it.
    public func rows(for ticket: PostgresTicket) throws(PostgresError) -> PostgresRows {
        if let rows = try self.take(ticket) { return rows }
        if let failure { throw failure }
        try self.refuseBroken("rows")
        precondition(self.expected.contains(ticket), "these rows were taken, or given up at a synchronization")
        // One request brings everything that was sent before it.
        if ticket.number > self.lastAwaited {
            try self.check(PQsendFlushRequest(self.link.pointer), "flush")
            self.lastAwaited = self.tickets
            self.roundTrips += 1
        }
        let deadline = ContinuousClock.now + self.patience
        while true {
            try self.advance(before: deadline)
            if let rows = try self.take(ticket) { return rows }
            if let failure { throw failure }
        }
    }

    private func take(_ ticket: PostgresTicket) throws(PostgresError) -> PostgresRows? {
        guard let arrival = self.arrived.removeValue(forKey: ticket) else { return nil }
        return try PostgresRows(arrival.result, of: arrival.statement)
    }

    /// Ends the queue and waits until the server has done all of it.
    ///
    /// Afterwards the connection takes statements again, unless it is broken; a transaction that failed is still to be
    /// rolled back. Answers that were not taken are gone.
    ///
    /// - Throws: ``PostgresError``, the first of any statement since the last time, even if it was thrown already.
    public func synchronize() throws(PostgresError) {
        defer { self.arrived = [:] }
        guard !self.isSynchronized || self.isBroken else { return }
        try self.exchangeEnd("synchronize")
    }

    /// As ``synchronize()``, but answers can still be taken afterwards, until the next time.
    ///
    /// Of a question outside of a transaction the rows and the end of the work come with one round trip.
    ///
    /// - Throws: ``PostgresError``, as ``synchronize()``.
    public func synchronizeKeepingAnswers() throws(PostgresError) {
        guard !self.isSynchronized || self.isBroken else { return }
        try self.exchangeEnd("synchronize")
    }

    /// Asks the server for a sign of life, and synchronizes.
    ///
    /// - Throws: ``PostgresError``.
    public func ping() throws(PostgresError) {
        try self.exchangeEnd("ping")
    }

    private func exchangeEnd(_ operation: String) throws(PostgresError) {
        try self.refuseBroken(operation)
        try self.check(PQpipelineSync(self.link.pointer), operation)
        self.expected.append(.end)
        self.isSynchronized = false
        self.lastAwaited = self.tickets
        self.roundTrips += 1
        let deadline = ContinuousClock.now + self.patience
        while !self.expected.isEmpty { try self.advance(before: deadline) }
        self.isSynchronized = true
        guard let failure = self.failure else { return }
        // Of a connection that is broken it remains the reason.
        if !self.isBroken { self.failure = nil }
        throw failure
    }

    /// Takes one result from libpq and files it.
    ///
    /// For each statement libpq gives one result and then a mark, which is no result; for an end only a result.
    private func advance(before deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard let first = self.expected.first else { return }
        let result: PostgresResult?
        do throws(PostgresError) {
            result = try self.link.nextResult(before: deadline, "wait")
        } catch {
            throw self.broken(by: error)
        }
        guard let result else {
            // A server or proxy that reports two fatal errors for one statement makes libpq lose count, and give
            // marks forever.
            self.strayMarks += 1
            guard self.strayMarks < 4 else { throw self.broken(by: self.link.lost("wait")) }
            return
        }
        self.strayMarks = 0
        switch result.status {
        case PGRES_PIPELINE_SYNC: break
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            if case .rows(let ticket, let plan) = first {
                self.arrived[ticket] = Arrival(result: result, statement: plan.text)
            }
            try self.passMark()
        case PGRES_PIPELINE_ABORTED:
            if case .preparation(let plan) = first { self.prepared.remove(plan) }
            try self.passMark()
        case PGRES_FATAL_ERROR:
            try self.file(result, of: first)
            try self.passMark()
        default:
            // COPY, for one, which is of no use here.
            throw self.broken(by: self.link.lost("wait", "an answer of a sort that is not expected"))
        }
        self.expected.removeFirst()
    }

    /// Takes the mark after an answer, which is there by then.
    ///
    /// At once, not when it is next waited: libpq forgets it when a synchronization is queued after an error.
    private func passMark() throws(PostgresError) {
        guard let surplus = PQgetResult(self.link.pointer) else { return }
        PQclear(surplus)
        throw self.broken(by: self.link.lost("wait", "two answers to one statement"))
    }

    private func file(_ result: PostgresResult, of answer: ExpectedAnswers.Answer) throws(PostgresError) {
        let statement: String?
        switch answer {
        case .preparation(let plan):
            self.prepared.remove(plan)
            statement = plan.text
        case .rows(_, let plan): statement = plan.text
        case .end: statement = nil
        }
        let hasEnded = result.isFatal || PQstatus(self.link.pointer) == CONNECTION_BAD
        let error = result.error("wait", statement: statement, endedConnection: hasEnded)
        if hasEnded || error.endedConnection {
            self.link.giveUp()
            throw self.broken(by: error)
        }
        // The session's plans are not what we believe; nothing that is prepared can be relied on.
        if error.kind == .stalePlan { self.isStale = true }
        if self.failure == nil { self.failure = error }
    }

    /// The connection's last error, unless one came before it that explains it.
    private func broken(by error: PostgresError) -> PostgresError {
        self.expected.removeAll()
        self.arrived = [:]
        self.failure = error
        return error
    }

    func check(_ status: Int32, _ operation: String) throws(PostgresError) {
        guard status != 1 else { return }
        throw self.broken(by: self.link.lost(operation))
    }

    func refuseBroken(_ operation: String, _ statement: String? = nil) throws(PostgresError) {
        guard self.isBroken else { return }
        throw self.failure
            ?? PostgresError(
                .connectionLost,
                during: operation,
                message: "the connection was closed before",
                statement: statement,
                endedConnection: true
            )
    }

    /// Ends the connection, at the latest with the last reference to it; anything under way is rolled back.
    public func close() {
        self.link.giveUp()
        self.expected.removeAll()
        self.arrived = [:]
    }

    /// Counts a wait of one of the extensions.
    func countRoundTrip() {
        self.roundTrips += 1
    }
}
