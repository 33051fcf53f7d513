internal import EnrollmentCore
internal import SQLText

/// The shards, their CRLs, and whose turn it is to make the next one.
struct CRLTable {
    let connection: LedgerConnection

    private var leases: LeaseTable { LeaseTable(connection: self.connection) }

    static func lease(of shard: CRLShard) -> String { "crl/\(shard)" }

    // MARK: Looking

    func shards() throws -> [CRLStanding] {
        let row = try self.connection.prepare(
            """
            SELECT crl_shard.issuer_id, crl_shard.shard, c.number, c.this_update, c.next_update, c.entries, c.through,
                c.thumbprint, c.octets,
                (SELECT recorded FROM revocation_change r
                    WHERE r.issuer_id = crl_shard.issuer_id AND r.shard = crl_shard.shard
                        AND r.ordinal > crl_shard.through
                    ORDER BY r.ordinal LIMIT 1)
            FROM crl_shard
            LEFT JOIN crl c ON c.issuer_id = crl_shard.issuer_id AND c.shard = crl_shard.shard
                AND c.number = crl_shard.published
            ORDER BY crl_shard.issuer_id, crl_shard.shard
            """
        )
        var standings: [CRLStanding] = []
        while try row.step() {
            standings.append(
                CRLStanding(
                    shard: CRLShard(issuerID: row.text(0), number: Int(row.integer(1))),
                    published: row.isNull(2) ? nil : Self.facts(row, from: 2),
                    waitingSince: row.optionalInteger(9).map { Timestamp(microseconds: $0) }
                )
            )
        }
        return standings
    }

    func published(of shard: CRLShard) throws -> PublishedCRL? {
        let row = try self.connection.prepare(
            """
            SELECT c.number, c.this_update, c.next_update, c.entries, c.through, c.thumbprint, c.octets, c.der
            FROM crl_shard s CROSS JOIN crl c
                ON c.issuer_id = s.issuer_id AND c.shard = s.shard AND c.number = s.published
            WHERE s.issuer_id = ?1 AND s.shard = ?2
            """
        )
        try row.bind(shard.issuerID, at: 1)
        try row.bind(shard.number, at: 2)
        guard try row.step() else { return nil }
        return PublishedCRL(shard: shard, facts: Self.facts(row, from: 0), der: row.octets(7))
    }

    private static func facts(_ row: borrowing LedgerStatement, from column: Int32) -> CRLFacts {
        CRLFacts(
            number: row.integer(column),
            thisUpdate: Timestamp(microseconds: row.integer(column + 1)),
            nextUpdate: Timestamp(microseconds: row.integer(column + 2)),
            entryCount: Int(row.integer(column + 3)),
            through: row.integer(column + 4),
            thumbprint: row.octets(column + 5),
            octetCount: Int(row.integer(column + 6))
        )
    }

    // MARK: Taking turns

    /// Takes the lease and a number that nobody had and nobody will have.
    func takeTurn(at shard: CRLShard, holder: String, now: Timestamp, until: Timestamp) throws -> CRLTurnOutcome {
        guard let standing = try self.standing(of: shard) else { return .unknownShard }
        if let other = try self.leases.take(Self.lease(of: shard), holder: holder, now: now, until: until) {
            return .leased(by: other.holder, until: other.until)
        }
        let number = standing.lastNumber + 1
        let statement = try self.connection.prepare(
            "UPDATE crl_shard SET last_number = ?3 WHERE issuer_id = ?1 AND shard = ?2"
        )
        try statement.bind(shard.issuerID, at: 1)
        try statement.bind(shard.number, at: 2)
        try statement.bind(number, at: 3)
        try statement.run()
        return .turn(
            CRLTurn(
                shard: shard,
                holder: holder,
                number: number,
                through: try RevocationTable(connection: self.connection).newestChange(),
                previousUpdate: standing.previousUpdate
            )
        )
    }

    private struct Standing {
        let lastNumber: Int64
        let published: Int64?
        let previousUpdate: Timestamp?
    }

    private func standing(of shard: CRLShard) throws -> Standing? {
        let row = try self.connection.prepare(
            """
            SELECT s.last_number, s.published, c.this_update FROM crl_shard s
            LEFT JOIN crl c ON c.issuer_id = s.issuer_id AND c.shard = s.shard AND c.number = s.published
            WHERE s.issuer_id = ?1 AND s.shard = ?2
            """
        )
        try row.bind(shard.issuerID, at: 1)
        try row.bind(shard.number, at: 2)
        guard try row.step() else { return nil }
        return Standing(
            lastNumber: row.integer(0),
            published: row.optionalInteger(1),
            previousUpdate: row.optionalInteger(2).map { Timestamp(microseconds: $0) }
        )
    }

    /// The shard's standing while `turn` is the latest one and its lease was taken by nobody else.
    private func standing(during turn: CRLTurn) throws -> Standing {
        guard let standing = try self.standing(of: turn.shard), standing.lastNumber == turn.number,
            try self.leases.standing(Self.lease(of: turn.shard))?.holder == turn.holder
        else { throw EnrollmentError.lostTurn(turn, "the lease was lost") }
        return standing
    }

    // MARK: Making one

    /// Records what is about to be signed; the same again changes nothing.
    func record(_ turn: CRLTurn, toBeSignedDigest digest: [UInt8], at now: Timestamp) throws {
        _ = try self.standing(during: turn)
        let statement = try self.connection.prepare(
            """
            INSERT INTO crl (issuer_id, shard, number, through, recorded, to_be_signed_digest)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (issuer_id, shard, number) DO UPDATE SET recorded = crl.recorded
                WHERE crl.to_be_signed_digest = ?6
            """
        )
        try statement.bind(turn.shard.issuerID, at: 1)
        try statement.bind(turn.shard.number, at: 2)
        try statement.bind(turn.number, at: 3)
        try statement.bind(turn.through, at: 4)
        try statement.bind(now.microseconds, at: 5)
        try statement.bind(digest, at: 6)
        guard try statement.runCounting() == 1 else {
            throw EnrollmentError.lostTurn(turn, "other octets were recorded for this number")
        }
    }

    /// Completes the recorded row, moves the pointer, gives the lease back and drops what nobody needs any more.
    func publish(_ crl: PublishedCRL, by turn: CRLTurn) throws {
        let former = try self.standing(during: turn)
        guard crl.shard == turn.shard, crl.facts.number == turn.number, crl.facts.through <= turn.through else {
            throw EnrollmentError.lostTurn(turn, "the CRL is another turn's")
        }
        try self.complete(crl, of: turn)
        let pointer = try self.connection.prepare(
            """
            UPDATE crl_shard SET published = ?3, through = ?4
            WHERE issuer_id = ?1 AND shard = ?2 AND coalesce(published, 0) < ?3
            """
        )
        try pointer.bind(crl.shard.issuerID, at: 1)
        try pointer.bind(crl.shard.number, at: 2)
        try pointer.bind(crl.facts.number, at: 3)
        try pointer.bind(crl.facts.through, at: 4)
        guard try pointer.runCounting() == 1 else {
            throw EnrollmentError.lostTurn(turn, "a later one is published")
        }
        try self.leases.giveBack(Self.lease(of: crl.shard))
        try self.connection.tell(.crl)
        // The former one stays: a reader may be at it.
        if let number = former.published { try self.drop(olderThan: number, of: crl.shard) }
    }

    private func complete(_ crl: PublishedCRL, of turn: CRLTurn) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE crl SET through = ?4, this_update = ?5, next_update = ?6, entries = ?7, octets = ?8, thumbprint = ?9,
                der = ?10
            WHERE issuer_id = ?1 AND shard = ?2 AND number = ?3 AND der IS NULL
            """
        )
        try statement.bind(crl.shard.issuerID, at: 1)
        try statement.bind(crl.shard.number, at: 2)
        try statement.bind(crl.facts.number, at: 3)
        try statement.bind(crl.facts.through, at: 4)
        try statement.bind(crl.facts.thisUpdate.microseconds, at: 5)
        try statement.bind(crl.facts.nextUpdate.microseconds, at: 6)
        try statement.bind(crl.facts.entryCount, at: 7)
        try statement.bind(crl.der.count, at: 8)
        try statement.bind(crl.facts.thumbprint, at: 9)
        try statement.bind(crl.der, at: 10)
        guard try statement.runCounting() == 1 else {
            throw EnrollmentError.lostTurn(turn, "it was not recorded before it was signed")
        }
    }

    private func drop(olderThan number: Int64, of shard: CRLShard) throws {
        let statement = try self.connection.prepare(
            "DELETE FROM crl WHERE issuer_id = ?1 AND shard = ?2 AND number < ?3"
        )
        try statement.bind(shard.issuerID, at: 1)
        try statement.bind(shard.number, at: 2)
        try statement.bind(number, at: 3)
        try statement.run()
    }
}

extension EnrollmentError {
    fileprivate static func lostTurn(_ turn: CRLTurn, _ why: String) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "The CRL \(turn.number) of \(turn.shard) was not taken: \(why).",
            rule: "crl.turn"
        )
    }
}
