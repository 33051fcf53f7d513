internal import EnrollmentCore
internal import SQLText

/// Every device's tries, successful or not, by trace id.
struct AttemptTable {
    let connection: LedgerConnection

    private static let insertion: SQL = """
        INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address, claimed_name,
            claimed_key, user_id, claimed_device_id, hardware_id, device_name, os_version, device, serial, steps, code,
            rule, detail, facts, counted)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
        """
    private static let insert = Self.insertion + "ON CONFLICT (trace_id) DO NOTHING"
    /// Whoever worked on the attempt has the last word, also over its reservation's expiry.
    ///
    /// Who it was and which device is known since the reservation and stays.
    private static let conclude =
        Self.insertion
            + """
            ON CONFLICT (trace_id) DO UPDATE SET outcome = ?3, microseconds = ?5, user_id = ?9, device = ?14, serial = ?15,
                steps = ?16, code = ?17, rule = ?18, detail = ?19, facts = ?20, counted = ?21
            WHERE attempt.outcome = 'open' OR attempt.rule = 'reservation.expired'
            """

    func holds(_ traceID: TraceID) throws -> Bool {
        let statement = try self.connection.prepare("SELECT 1 FROM attempt WHERE trace_id = ?1")
        try statement.bind(traceID.description, at: 1)
        return try statement.step()
    }

    /// - Returns: `false` when the trace id is taken.
    func insert(_ attempt: Attempt) throws -> Bool {
        let statement = try self.connection.prepare(Self.insert)
        try Self.bind(attempt, to: statement)
        guard try statement.runCounting() == 1 else { return false }
        try OutboxTable(connection: self.connection).tellLimitReached(attempt)
        return true
    }

    /// Records an attempt under a trace id that is known to be free.
    func open(_ attempt: Attempt) throws {
        let statement = try self.connection.prepare(Self.insertion)
        try Self.bind(attempt, to: statement)
        try statement.run()
    }

    /// Whether the attempt has come to an end that stays.
    func isClosed(_ traceID: TraceID) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            SELECT 1 FROM attempt
            WHERE trace_id = ?1 AND +outcome <> 'open' AND rule IS DISTINCT FROM 'reservation.expired'
            """
        )
        try statement.bind(traceID.description, at: 1)
        return try statement.step()
    }

    /// Closes the open attempt, or records it closed when its reservation was never recorded.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` when the trace id is a closed attempt's.
    func close(_ attempt: Attempt) throws {
        guard try !self.isClosed(attempt.traceID) else {
            throw EnrollmentError(
                .internalService,
                "The attempt \(attempt.traceID) is closed already; nothing was recorded.",
                rule: "ledger.attemptClosed"
            )
        }
        let statement = try self.connection.prepare(Self.conclude)
        try Self.bind(attempt, to: statement)
        try statement.run()
        try OutboxTable(connection: self.connection).tellLimitReached(attempt)
    }

    private static func bind(_ attempt: Attempt, to statement: borrowing LedgerStatement) throws {
        try statement.bind(attempt.traceID.description, at: 1)
        try statement.bind(attempt.operation.rawValue, at: 2)
        try statement.bind(attempt.outcome.rawValue, at: 3)
        try statement.bind(attempt.started.microseconds, at: 4)
        try statement.bind(attempt.microseconds, at: 5)
        try statement.bind(attempt.sourceAddress, at: 6)
        try statement.bind(attempt.claimedName, at: 7)
        try statement.bind(attempt.claimedName?.lowercased(), at: 8)
        try statement.bind(attempt.userID, at: 9)
        try statement.bind(attempt.claimedDeviceID, at: 10)
        try statement.bind(attempt.hardwareID, at: 11)
        try statement.bind(attempt.deviceName, at: 12)
        try statement.bind(attempt.osVersion, at: 13)
        try statement.bind(attempt.device?.octets, at: 14)
        try statement.bind(attempt.serialNumber?.octets, at: 15)
        try statement.bind(Attempt.Step.encode(attempt.steps), at: 16)
        try statement.bind(attempt.code?.rawValue, at: 17)
        try statement.bind(attempt.rule, at: 18)
        try statement.bind(attempt.detail, at: 19)
        try statement.bind(Fact.encode(attempt.facts), at: 20)
        try statement.bind(CountedDevice.encode(attempt.counted), at: 21)
    }

    /// Closes the attempt of a reservation that was never concluded.
    func expire(_ traceID: String) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE attempt SET outcome = 'refused', code = 'enrollmentServer', rule = 'reservation.expired',
                detail = 'It was never concluded; its reservation was released.'
            WHERE trace_id = ?1 AND +outcome = 'open'
            """
        )
        try statement.bind(traceID, at: 1)
        try statement.run()
    }
}
