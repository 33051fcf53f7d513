internal import EnrollmentCore
internal import SQLText

/// Who is revoked, and the log of how that changed; CRLs and OCSP answers come from here alone.
///
/// Neither method touches the certificate's own state: what a revocation means for it is its caller's business. A
/// certificate that names no CRL falls to shard 0, since a revocation must never be on none.
struct RevocationTable {
    let connection: LedgerConnection

    /// What is said of one certificate now, and what it takes to say something else.
    private struct Standing {
        let shard: CRLShard
        let notAfter: Int64
        let reason: RevocationReason?
    }

    /// Asks ahead what revoking these takes.
    func foresee(_ serials: [SerialNumber]) throws {
        try self.connection.foresee(serials.map { serial in { _ = try self.standing(of: serial) } })
    }

    /// Revokes a certificate, or gives its revocation a reason that replaces the former one.
    ///
    /// The moment of a revocation that is there already stays: a certificate on hold was not to be trusted since then
    /// (X.509, `certificateHold`).
    ///
    /// - Returns: `false` when nothing changed: revoked already, never chosen, or certainly never signed.
    func revoke(_ serial: SerialNumber, reason: RevocationReason, at now: Timestamp) throws -> Bool {
        guard let standing = try self.standing(of: serial) else { return false }
        if let former = standing.reason, !reason.replaces(former) { return false }
        let statement = try self.connection.prepare(
            """
            INSERT INTO revocation (issuer_id, shard, serial, reason, revoked, not_after)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (issuer_id, shard, serial) DO UPDATE SET reason = ?4
            """
        )
        try statement.bind(standing.shard.issuerID, at: 1)
        try statement.bind(standing.shard.number, at: 2)
        try statement.bind(serial.octets, at: 3)
        try statement.bind(reason.rawValue, at: 4)
        try statement.bind(now.microseconds, at: 5)
        try statement.bind(standing.notAfter, at: 6)
        try statement.run()
        try self.log(serial, standing.shard, at: now)
        return true
    }

    /// Takes a certificate off hold.
    ///
    /// - Returns: `false` when it is not on hold.
    func lift(_ serial: SerialNumber, at now: Timestamp) throws -> Bool {
        guard let standing = try self.standing(of: serial), standing.reason == .certificateHold else { return false }
        let statement = try self.connection.prepare(
            "DELETE FROM revocation WHERE issuer_id = ?1 AND shard = ?2 AND serial = ?3"
        )
        try statement.bind(standing.shard.issuerID, at: 1)
        try statement.bind(standing.shard.number, at: 2)
        try statement.bind(serial.octets, at: 3)
        try statement.run()
        try self.log(serial, standing.shard, at: now)
        return true
    }

    private func standing(of serial: SerialNumber) throws -> Standing? {
        let row = try self.connection.prepare(
            """
            SELECT c.issuer_id, coalesce(c.crl_shard, 0), c.not_after, r.reason FROM certificate c
            LEFT JOIN revocation r
                ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
            WHERE c.serial = ?1 AND +c.state <> 'closed'
            """
        )
        try row.bind(serial.octets, at: 1)
        guard try row.step() else { return nil }
        return Standing(
            shard: CRLShard(issuerID: row.text(0), number: Int(row.integer(1))),
            notAfter: row.integer(2),
            reason: try row.optionalInteger(3).map { try RevocationReason.read($0) }
        )
    }

    /// Tells whoever follows the log, and makes the shard known: a revocation that no CRL shows is none to many.
    private func log(_ serial: SerialNumber, _ shard: CRLShard, at now: Timestamp) throws {
        try self.connection.lockRevocationLog()
        let change = try self.connection.prepare(
            "INSERT INTO revocation_change (issuer_id, shard, serial, recorded) VALUES (?1, ?2, ?3, ?4)"
        )
        try change.bind(shard.issuerID, at: 1)
        try change.bind(shard.number, at: 2)
        try change.bind(serial.octets, at: 3)
        try change.bind(now.microseconds, at: 4)
        try change.run()
        try self.announce(shard)
        try self.connection.tell(.revocation)
    }

    /// Makes a shard known; one that is known stays as it is.
    func announce(_ shard: CRLShard) throws {
        let statement = try self.connection.prepare(
            "INSERT INTO crl_shard (issuer_id, shard) VALUES (?1, ?2) ON CONFLICT (issuer_id, shard) DO NOTHING"
        )
        try statement.bind(shard.issuerID, at: 1)
        try statement.bind(shard.number, at: 2)
        try statement.run()
    }
}

extension RevocationReason {
    /// Takes back what a row holds.
    static func read(_ number: Int64) throws(EnrollmentError) -> RevocationReason {
        guard let reason = RevocationReason(rawValue: Int(number)) else { throw .unreadable("a revocation's reason") }
        return reason
    }
}
