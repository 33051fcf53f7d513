internal import EnrollmentCore
internal import SQLText

/// What hangs on an issuer, counted; see ``IssuerStanding/liveCertificates`` for what counts.
extension CertificateTable {
    private static let issued: SQL = """
        SELECT count(*) FROM certificate INDEXED BY certificate_live
        WHERE state = 'issued' AND issuer_id = ?1 AND not_after >= ?2
        """
    /// Of nobody's device.
    private static let own: SQL = """
        SELECT count(*) FROM certificate INDEXED BY certificate_device
        WHERE device IS NULL AND +state = 'issued' AND +issuer_id = ?1 AND +not_after >= ?2
        """
    /// Those of them on which something hangs: the service's listeners, and issuers whose key is still there.
    private static let ownInUse: SQL = """
        SELECT (SELECT count(*) FROM service_certificate s CROSS JOIN certificate c ON c.serial = s.serial
                WHERE s.use = 'tls' AND c.issuer_id = ?1 AND c.state = 'issued' AND c.not_after >= ?2
                    AND s.ordinal = (SELECT max(n.ordinal) FROM service_certificate n WHERE n.use = 'tls'))
            + (SELECT count(*) FROM issuer i CROSS JOIN certificate c ON c.serial = i.serial
                WHERE i.signed_by <> i.id AND i.key_place <> 'destroyed'
                    AND c.issuer_id = ?1 AND c.state = 'issued' AND c.not_after >= ?2)
        """
    /// Ended ones were revoked when they ended.
    private static let openIntents: SQL = """
        SELECT count(*) FROM certificate INDEXED BY certificate_open
        WHERE state = 'intent' AND reason IS NULL AND device IS NOT NULL AND +issuer_id = ?1 AND +not_after >= ?2
        """

    /// How many certificates of the issuer somebody depends on at `now`.
    func countLive(of issuer: String, at now: Timestamp) throws -> Int {
        try self.count(Self.issued, issuer, now) - self.count(Self.own, issuer, now)
            + self.count(Self.ownInUse, issuer, now) + self.count(Self.openIntents, issuer, now)
    }

    /// Asks ahead what ``countLive(of:at:)`` takes.
    func foreseeLive(of issuers: [String], at now: Timestamp) throws {
        let statements = [Self.issued, Self.own, Self.ownInUse, Self.openIntents]
        try self.connection.foresee(
            issuers.flatMap { issuer in
                statements.map { sql in { _ = try self.count(sql, issuer, now) } }
            }
        )
    }

    private static let revocableIntents: SQL = """
        SELECT count(*) FROM certificate c INDEXED BY certificate_issuer_state
        WHERE c.issuer_id = ?1 AND c.state = 'intent' AND +c.not_after >= ?2
            AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.issuer_id = c.issuer_id
                AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial AND r.reason <> 6)
        """

    /// How many certificates and intents of the issuer could still be revoked: what ``revocable(_:at:after:limit:)`` lists.
    func countRevocable(of issuer: String, at now: Timestamp) throws -> Int {
        try self.count(Self.issued, issuer, now) + self.count(Self.revocableIntents, issuer, now)
    }

    private static let devices: SQL = """
        SELECT count(DISTINCT c.device) FROM certificate c INDEXED BY certificate_issuer_state
        WHERE c.issuer_id = ?1 AND c.state = 'issued' AND +c.not_after >= ?2
        """

    /// How many devices hold a certificate of the issuer that is neither revoked nor ended.
    func countDevices(of issuer: String, at now: Timestamp) throws -> Int {
        try self.count(Self.devices, issuer, now)
    }

    private func count(_ sql: SQL, _ issuer: String, _ now: Timestamp) throws -> Int {
        let row = try self.connection.prepare(sql)
        try row.bind(issuer, at: 1)
        try row.bind(now.microseconds, at: 2)
        return try row.step() ? Int(row.integer(0)) : 0
    }

    /// Whether a certificate of the issuer names that CRL.
    func isNamed(_ shard: CRLShard) throws -> Bool {
        let row = try self.connection.prepare(
            "SELECT 1 FROM certificate WHERE issuer_id = ?1 AND +crl_shard = ?2 AND state <> 'closed' LIMIT 1"
        )
        try row.bind(shard.issuerID, at: 1)
        try row.bind(shard.number, at: 2)
        return try row.step()
    }
}
