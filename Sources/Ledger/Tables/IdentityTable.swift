internal import EnrollmentCore
internal import SQLText

/// Whose a certificate is.
struct IdentityTable {
    let connection: LedgerConnection

    func find(thumbprint: [UInt8]) throws -> IdentityRecord? {
        let row = try self.connection.prepare(
            """
            SELECT c.serial, c.state, d.id, r.reason, r.revoked,
                c.issuer_id, c.not_before, c.not_after, c.thumbprint, c.windows_thumbprint, c.key_protection, c.evidence,
                d.state, d.name, d.claimed_device_id, d.hardware_id, d.enrollment_type, d.provider, d.ownership,
                d.ownership_rule, d.user_id, u.principal_name, d.first_enrolled, d.certificate_serial
            FROM certificate c CROSS JOIN device d ON d.id = c.device CROSS JOIN "user" u ON u.id = d.user_id
                LEFT JOIN revocation r ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0)
                    AND r.serial = c.serial
            WHERE c.thumbprint = ?1
            """
        )
        try row.bind(thumbprint, at: 1)
        guard try row.step() else { return nil }
        guard let serial = SerialNumber(octets: row.octets(0)), let state = CertificateState(rawValue: row.text(1)),
            let id = DeviceID(octets: row.octets(2)), let certificate = try FeedRow.certificate(serial, row, 5),
            let device = try FeedRow.device(id, row, 12)
        else { throw EnrollmentError.unreadable("an identity") }
        let revocation = try row.optionalInteger(3).map { number in
            Revocation(
                serialNumber: serial,
                issuerID: certificate.issuerID,
                reason: try RevocationReason.read(number),
                revoked: Timestamp(microseconds: row.integer(4))
            )
        }
        return IdentityRecord(certificate: certificate, state: state, revocation: revocation, device: device)
    }

    private static let changed: SQL = """
        SELECT s.ordinal, c.thumbprint FROM (
            SELECT ordinal, serial FROM revocation_change WHERE ordinal > ?1 ORDER BY ordinal LIMIT ?2) AS s
            LEFT JOIN certificate c ON c.serial = s.serial
        """
    private static let told: SQL = """
        SELECT s.position, c.thumbprint FROM (
            SELECT position, device FROM outbox WHERE position > ?1 ORDER BY position LIMIT ?2) AS s
            LEFT JOIN certificate c ON c.device = s.device
        """

    /// Certificates that steps of the revocation log and events are about, so many of either at most.
    func stale(afterChange ordinal: Int64, afterEvent position: Int64, limit: Int) throws -> StaleIdentities {
        let limit = max(1, limit)
        try self.connection.foresee([
            { _ = try self.numbered(Self.changed, after: ordinal, limit: limit) },
            { _ = try self.numbered(Self.told, after: position, limit: limit) },
        ])
        let changes = try self.numbered(Self.changed, after: ordinal, limit: limit)
        let events = try self.numbered(Self.told, after: position, limit: limit)
        return StaleIdentities(
            thumbprints: Array(changes.thumbprints.union(events.thumbprints)),
            change: changes.last,
            event: events.last,
            isPartial: changes.count == limit || events.count == limit
        )
    }

    private func numbered(_ sql: SQL, after start: Int64, limit: Int) throws
        -> (thumbprints: Set<[UInt8]>, last: Int64, count: Int)
    {
        let row = try self.connection.prepare(sql)
        try row.bind(start, at: 1)
        try row.bind(limit, at: 2)
        var thumbprints: Set<[UInt8]> = []
        var numbers: Set<Int64> = []
        while try row.step() {
            numbers.insert(row.integer(0))
            if let thumbprint = row.optionalOctets(1) { thumbprints.insert(thumbprint) }
        }
        return (thumbprints, numbers.max() ?? start, numbers.count)
    }
}
