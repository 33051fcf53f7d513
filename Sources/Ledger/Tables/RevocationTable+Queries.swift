internal import EnrollmentCore
internal import SQLText

extension RevocationTable {
    /// What was asked for at once at most, so that memory stays flat.
    static let largestPart = 10_000

    /// What an OCSP answer has to say.
    func status(of serial: SerialNumber, issuedBy issuerID: String) throws -> CertificateStatus {
        let row = try self.connection.prepare(
            """
            SELECT c.issuer_id, c.state, r.reason, r.revoked FROM certificate c
            LEFT JOIN revocation r
                ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
            WHERE c.serial = ?1
            """
        )
        try row.bind(serial.octets, at: 1)
        guard try row.step() else { return try self.provenStatus(of: serial, issuedBy: issuerID) }
        guard row.text(0) == issuerID else { return .unknown }
        if let reason = row.optionalInteger(2) {
            return .revoked(reason: try .read(reason), at: Timestamp(microseconds: row.integer(3)))
        }
        return row.text(1) == CertificateState.closed.rawValue ? .unknown : .good
    }

    private func provenStatus(of serial: SerialNumber, issuedBy issuerID: String) throws -> CertificateStatus {
        let row = try self.proof(of: serial)
        guard try row.step(), row.text(0) == issuerID else { return .unknown }
        guard let reason = row.optionalInteger(1) else { return .good }
        return .revoked(reason: try .read(reason), at: Timestamp(microseconds: row.integer(2)))
    }

    /// The standing revocation, from its proof where the certificate itself was removed.
    func find(_ serial: SerialNumber) throws -> Revocation? {
        let row = try self.connection.prepare(
            """
            SELECT r.issuer_id, r.reason, r.revoked FROM certificate c
            CROSS JOIN revocation r
                ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
            WHERE c.serial = ?1
            """
        )
        try row.bind(serial.octets, at: 1)
        if try row.step() { return try Self.revocation(row, of: serial) }
        let proof = try self.proof(of: serial)
        guard try proof.step(), !proof.isNull(1) else { return nil }
        return try Self.revocation(proof, of: serial)
    }

    private func proof(of serial: SerialNumber) throws -> LedgerStatement {
        let row = try self.connection.prepare(
            "SELECT issuer_id, reason, revoked FROM certificate_proof WHERE serial = ?1"
        )
        try row.bind(serial.octets, at: 1)
        return row
    }

    private static func revocation(_ row: borrowing LedgerStatement, of serial: SerialNumber) throws -> Revocation {
        Revocation(
            serialNumber: serial,
            issuerID: row.text(0),
            reason: try .read(row.integer(1)),
            revoked: Timestamp(microseconds: row.integer(2))
        )
    }

    // MARK: The log

    func changes(after ordinal: Int64, limit: Int) throws -> [RevocationChange] {
        let row = try self.connection.prepare(
            """
            SELECT ordinal, issuer_id, shard, serial, recorded FROM revocation_change
            WHERE ordinal > ?1 ORDER BY ordinal LIMIT ?2
            """
        )
        try row.bind(ordinal, at: 1)
        try row.bind(min(max(0, limit), Self.largestPart), at: 2)
        var changes: [RevocationChange] = []
        while try row.step() {
            guard let serial = SerialNumber(octets: row.octets(3)) else {
                throw EnrollmentError.unreadable("a revocation's serial number")
            }
            changes.append(
                RevocationChange(
                    ordinal: row.integer(0),
                    shard: CRLShard(issuerID: row.text(1), number: Int(row.integer(2))),
                    serialNumber: serial,
                    recorded: Timestamp(microseconds: row.integer(4))
                )
            )
        }
        return changes
    }

    private static let newest: SQL = """
        SELECT max(n) FROM (
            SELECT max(ordinal) AS n FROM revocation_change UNION ALL SELECT max(through) FROM crl_shard) AS newest
        """

    /// Also right when the newest step itself was removed: its shard's CRL shows it then.
    func newestChange() throws -> Int64 {
        try self.connection.integer(Self.newest) ?? 0
    }

    // MARK: CRLs

    func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serial: SerialNumber?,
        limit: Int
    ) throws -> [CRLEntry] {
        let limit = min(max(0, limit), Self.largestPart)
        let row = try self.connection.prepare(
            """
            SELECT serial, revoked, reason FROM revocation
            WHERE issuer_id = ?1 AND shard = ?2 AND serial > ?3 AND +not_after >= ?4
            ORDER BY serial LIMIT ?5
            """
        )
        try row.bind(shard.issuerID, at: 1)
        try row.bind(shard.number, at: 2)
        try row.bind(serial?.octets ?? [], at: 3)
        try row.bind(moment.microseconds, at: 4)
        try row.bind(limit, at: 5)
        var entries: [CRLEntry] = []
        entries.reserveCapacity(min(limit, 1_000))
        while try row.step() {
            guard let serial = SerialNumber(octets: row.octets(0)) else {
                throw EnrollmentError.unreadable("a revocation's serial number")
            }
            entries.append(
                CRLEntry(
                    serialNumber: serial,
                    revoked: Timestamp(microseconds: row.integer(1)),
                    reason: try .read(row.integer(2))
                )
            )
        }
        return entries
    }
}
