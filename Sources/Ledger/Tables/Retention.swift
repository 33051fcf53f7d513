internal import EnrollmentCore
internal import SQLText

/// Removes what nobody needs any more, a few rows a call.
struct Retention {
    let connection: LedgerConnection

    // MARK: What is kept in the order in which it came

    /// Removes closed attempts that started before `moment`, but a live device's latest refused renewal.
    func pruneAttempts(startedBefore moment: Timestamp, limit: Int) throws -> Int {
        let end = try self.firstOrdinal(
            from: moment,
            newest: "SELECT max(ordinal) FROM attempt",
            next: "SELECT ordinal, started FROM attempt WHERE ordinal >= ?1 ORDER BY ordinal LIMIT 1"
        )
        let statement = try self.connection.prepare(
            """
            DELETE FROM attempt WHERE ordinal IN (
                SELECT a.ordinal FROM attempt a
                WHERE a.ordinal < ?1 AND a.started < ?2 AND +a.outcome <> 'open'
                    AND NOT (+a.outcome = 'refused' AND +a.operation = 'renewal'
                        AND coalesce((SELECT d.is_live FROM device d WHERE d.id = a.device), 0) = 1
                        AND NOT EXISTS (
                            SELECT 1 FROM attempt n INDEXED BY attempt_device
                            WHERE n.device = a.device AND n.ordinal > a.ordinal AND n.outcome = 'refused'
                                AND n.operation = 'renewal'))
                ORDER BY a.ordinal LIMIT ?3)
            """
        )
        try statement.bind(end, at: 1)
        try statement.bind(moment.microseconds, at: 2)
        try statement.bind(max(0, limit), at: 3)
        return try statement.runCounting()
    }

    /// Removes steps of the revocation log recorded before `moment` that their shard's CRL shows.
    func pruneChanges(recordedBefore moment: Timestamp, limit: Int) throws -> Int {
        let end = try self.firstOrdinal(
            from: moment,
            newest: "SELECT max(ordinal) FROM revocation_change",
            next: "SELECT ordinal, recorded FROM revocation_change WHERE ordinal >= ?1 ORDER BY ordinal LIMIT 1"
        )
        let statement = try self.connection.prepare(
            """
            DELETE FROM revocation_change WHERE ordinal IN (
                SELECT c.ordinal FROM revocation_change c
                WHERE c.ordinal < ?1 AND c.recorded < ?2 AND EXISTS (
                    SELECT 1 FROM crl_shard s
                    WHERE s.issuer_id = c.issuer_id AND s.shard = c.shard AND s.published IS NOT NULL
                        AND s.through >= c.ordinal)
                ORDER BY c.ordinal LIMIT ?3)
            """
        )
        try statement.bind(end, at: 1)
        try statement.bind(moment.microseconds, at: 2)
        try statement.bind(max(0, limit), at: 3)
        return try statement.runCounting()
    }

    /// Where the rows begin that are as young as `moment`, found by halving: they came in the order of their ordinals,
    /// so their times need no index.
    ///
    /// - Parameters:
    ///   - moment: The moment.
    ///   - newest: Gives the highest ordinal.
    ///   - next: Gives ordinal and time of the first row from an ordinal on.
    /// - Returns: The lowest ordinal of them; above the highest one when there are none.
    /// - Throws: What the store answered.
    private func firstOrdinal(from moment: Timestamp, newest: SQL, next: SQL) throws -> Int64 {
        var low: Int64 = 0
        var high = (try self.connection.integer(newest) ?? 0) + 1
        while low < high {
            let middle = low + (high - low) / 2
            let row = try self.connection.prepare(next)
            try row.bind(middle, at: 1)
            if try row.step(), row.integer(1) < moment.microseconds {
                low = row.integer(0) + 1
            } else {
                high = middle
            }
        }
        return low
    }

    // MARK: Certificates

    private static let removable: SQL = """
        SELECT c.ordinal, c.serial, c.issuer_id, c.state, c.not_after, coalesce(c.thumbprint, c.digest), r.shard,
            r.reason, r.revoked
        FROM certificate c INDEXED BY certificate_end LEFT JOIN revocation r
            ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
        WHERE c.not_after < ?1
            AND NOT (c.state = 'intent' AND c.reason IS NULL AND c.device IS NOT NULL)
            AND NOT EXISTS (
                SELECT 1 FROM device d WHERE d.id = c.device AND d.is_live = 1 AND d.certificate_serial = c.serial)
            AND NOT EXISTS (SELECT 1 FROM issuer WHERE issuer.serial = c.serial)
            AND NOT EXISTS (SELECT 1 FROM link_certificate k WHERE k.serial = c.serial)
            AND NOT EXISTS (
                SELECT 1 FROM service_certificate s WHERE s.serial = c.serial AND s.ordinal = (
                    SELECT max(n.ordinal) FROM service_certificate n WHERE n.use = s.use))
            AND (r.serial IS NULL OR c.not_after < (
                SELECT l.this_update FROM crl_shard s CROSS JOIN crl l
                    ON l.issuer_id = s.issuer_id AND l.shard = s.shard AND l.number < s.published
                WHERE s.issuer_id = r.issuer_id AND s.shard = r.shard AND l.this_update IS NOT NULL
                ORDER BY l.number DESC LIMIT 1))
        ORDER BY c.not_after, c.ordinal LIMIT ?2
        """

    /// What a certificate leaves behind.
    private struct Removal {
        let ordinal: Int64
        let serial: [UInt8]
        let issuerID: String
        let isClosed: Bool
        let notAfter: Int64
        let digest: [UInt8]
        let shard: Int64?
        let reason: Int64?
        let revoked: Int64?
    }

    /// Removes those of these certificates that ended before `moment` and that nothing needs.
    ///
    /// The CRL before the published one tells which entries have had their last appearance: those that had ended when
    /// it was made.
    func pruneCertificates(
        _ serials: Set<SerialNumber>,
        endedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) throws -> Int {
        let removals = try self.removals(endedBefore: moment, limit: limit).filter { removal in
            SerialNumber(octets: removal.serial).map { serials.contains($0) } ?? false
        }
        for removal in removals {
            if !removal.isClosed { try self.prove(removal, at: now) }
            try self.remove(removal)
        }
        return removals.count
    }

    /// What ``pruneCertificates(_:endedBefore:at:limit:)`` would remove now.
    func removable(endedBefore moment: Timestamp, limit: Int) throws -> [SerialNumber] {
        try self.removals(endedBefore: moment, limit: limit).compactMap { SerialNumber(octets: $0.serial) }
    }

    private func removals(endedBefore moment: Timestamp, limit: Int) throws -> [Removal] {
        let row = try self.connection.prepare(Self.removable)
        try row.bind(moment.microseconds, at: 1)
        try row.bind(max(0, limit), at: 2)
        var removals: [Removal] = []
        while try row.step() {
            removals.append(
                Removal(
                    ordinal: row.integer(0),
                    serial: row.octets(1),
                    issuerID: row.text(2),
                    isClosed: row.text(3) == CertificateState.closed.rawValue,
                    notAfter: row.integer(4),
                    digest: row.octets(5),
                    shard: row.optionalInteger(6),
                    reason: row.optionalInteger(7),
                    revoked: row.optionalInteger(8)
                )
            )
        }
        return removals
    }

    private func prove(_ removal: Removal, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            "INSERT INTO certificate_proof VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        )
        try statement.bind(removal.serial, at: 1)
        try statement.bind(removal.issuerID, at: 2)
        try statement.bind(removal.digest, at: 3)
        try statement.bind(removal.notAfter, at: 4)
        try statement.bind(removal.reason, at: 5)
        try statement.bind(removal.revoked, at: 6)
        try statement.bind(now.microseconds, at: 7)
        try statement.run()
    }

    private func remove(_ removal: Removal) throws {
        if let shard = removal.shard {
            let statement = try self.connection.prepare(
                "DELETE FROM revocation WHERE issuer_id = ?1 AND shard = ?2 AND serial = ?3"
            )
            try statement.bind(removal.issuerID, at: 1)
            try statement.bind(shard, at: 2)
            try statement.bind(removal.serial, at: 3)
            try statement.run()
        }
        let service = try self.connection.prepare("DELETE FROM service_certificate WHERE serial = ?1")
        try service.bind(removal.serial, at: 1)
        try service.run()
        let statement = try self.connection.prepare("DELETE FROM certificate WHERE ordinal = ?1")
        try statement.bind(removal.ordinal, at: 1)
        try statement.run()
    }

    func proof(of serial: SerialNumber) throws -> CertificateProof? {
        let row = try self.connection.prepare(
            "SELECT issuer_id, digest, not_after, reason, revoked, pruned FROM certificate_proof WHERE serial = ?1"
        )
        try row.bind(serial.octets, at: 1)
        guard try row.step() else { return nil }
        let issuerID = row.text(0)
        let revocation = try row.optionalInteger(3).map { number in
            Revocation(
                serialNumber: serial,
                issuerID: issuerID,
                reason: try RevocationReason.read(number),
                revoked: Timestamp(microseconds: row.integer(4))
            )
        }
        return CertificateProof(
            serialNumber: serial,
            issuerID: issuerID,
            digest: row.octets(1),
            notAfter: Timestamp(microseconds: row.integer(2)),
            revocation: revocation,
            pruned: Timestamp(microseconds: row.integer(5))
        )
    }
}
