internal import EnrollmentCore
internal import SQLText

/// What people ordered: who, what, why, and what it did.
struct ActTable {
    let connection: LedgerConnection

    /// Records an act with what it did.
    ///
    /// An act that is carried out in several parts, such as blocking a key and revoking what has it, is one record: the
    /// first part names it, the facts of later ones are added.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` when the trace id is another act's.
    func record(_ act: AdministrativeAct, device: DeviceID?, facts: [Fact]) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO act (trace_id, verb, actor, reason, ticket, recorded, device, facts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (trace_id) DO UPDATE SET facts = CAST(act.facts || excluded.facts AS BLOB),
                device = CASE WHEN act.device IS NOT DISTINCT FROM excluded.device THEN act.device END
            WHERE act.actor = excluded.actor AND act.reason = excluded.reason
            """
        )
        try statement.bind(act.traceID.description, at: 1)
        try statement.bind(act.verb.rawValue, at: 2)
        try statement.bind(act.actor, at: 3)
        try statement.bind(act.reason, at: 4)
        try statement.bind(act.ticket, at: 5)
        try statement.bind(act.time.microseconds, at: 6)
        try statement.bind(device?.octets, at: 7)
        try statement.bind(Fact.encode(facts) ?? [], at: 8)
        guard try statement.runCounting() == 1 else {
            throw EnrollmentError(
                .internalService,
                "The trace id \(act.traceID) is another act's; nothing was done.",
                rule: "act.trace-id"
            )
        }
    }
}
