internal import EnrollmentCore
internal import SQLText

/// What an offline machine was asked to sign.
struct CeremonyTable {
    let connection: LedgerConnection

    func all() throws -> [CeremonyRecord] {
        let row = try self.connection.prepare(
            """
            SELECT id, kind, state, issuer_id, request, key_place, sealed_key, created, ended
            FROM ceremony ORDER BY created, id
            """
        )
        var ceremonies: [CeremonyRecord] = []
        while try row.step() {
            guard let kind = CeremonyRecord.Kind(rawValue: row.text(1)),
                let state = CeremonyRecord.State(rawValue: row.text(2)),
                let key = KeyLocation(place: row.text(5), octets: row.octets(6))
            else { throw EnrollmentError.unreadable("a ceremony") }
            ceremonies.append(
                CeremonyRecord(
                    id: row.text(0),
                    kind: kind,
                    state: state,
                    issuerID: row.text(3),
                    request: row.octets(4),
                    key: key,
                    created: Timestamp(microseconds: row.integer(7)),
                    ended: row.optionalInteger(8).map { Timestamp(microseconds: $0) }
                )
            )
        }
        return ceremonies
    }

    func insert(_ ceremony: CeremonyRecord) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO ceremony (id, kind, state, issuer_id, request, key_place, sealed_key, created, ended)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """
        )
        try statement.bind(ceremony.id, at: 1)
        try statement.bind(ceremony.kind.rawValue, at: 2)
        try statement.bind(ceremony.state.rawValue, at: 3)
        try statement.bind(ceremony.issuerID, at: 4)
        try statement.bind(ceremony.request, at: 5)
        try statement.bind(ceremony.key.place, at: 6)
        try statement.bind(ceremony.key.octets, at: 7)
        try statement.bind(ceremony.created.microseconds, at: 8)
        try statement.bind(ceremony.ended?.microseconds, at: 9)
        try statement.run()
    }

    /// - Returns: `false` when it is not open.
    func close(_ id: String, as state: CeremonyRecord.State, at now: Timestamp) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            UPDATE ceremony SET state = ?2, ended = ?3, key_place = ?4, sealed_key = ?5 WHERE id = ?1 AND state = 'open'
            """
        )
        try statement.bind(id, at: 1)
        try statement.bind(state.rawValue, at: 2)
        try statement.bind(now.microseconds, at: 3)
        try statement.bind(KeyLocation.destroyed.place, at: 4)
        try statement.bind(KeyLocation.destroyed.octets, at: 5)
        return try statement.runCounting() == 1
    }

    /// - Returns: `false` when its key is not `former`.
    func moveKey(of id: String, _ step: Resealing.Step<KeyLocation>) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            UPDATE ceremony SET key_place = ?2, sealed_key = ?3
            WHERE id = ?1 AND state = 'open' AND key_place = ?4 AND sealed_key = ?5
            """
        )
        try statement.bind(id, at: 1)
        try statement.bind(step.next.place, at: 2)
        try statement.bind(step.next.octets, at: 3)
        try statement.bind(step.former.place, at: 4)
        try statement.bind(step.former.octets, at: 5)
        return try statement.runCounting() == 1
    }
}
