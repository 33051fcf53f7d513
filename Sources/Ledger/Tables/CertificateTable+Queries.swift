internal import EnrollmentCore
internal import SQLText

extension CertificateTable {
    private static let columns: SQL = """
        SELECT ordinal, serial, issuer_id, state, profile, device, subject, not_before, not_after, recorded, digest,
            to_be_signed, key_digest, der, thumbprint, reason, crl_shard, key_protection, predecessor, seen,
            supersede_after
        FROM certificate
        """
    private static let all = Self.columns + "WHERE ordinal < ?1 ORDER BY ordinal DESC LIMIT ?2"
    private static let inState = Self.columns + "WHERE ordinal < ?1 AND state = ?3 ORDER BY ordinal DESC LIMIT ?2"
    /// Walks through one index, a state after the other, merged: an index without the state would be one more to keep.
    private static let ofIssuer =
        Self.ofIssuer(in: "'intent'") + "UNION ALL" + Self.ofIssuer(in: "'issued'") + "UNION ALL"
        + Self.ofIssuer(in: "'superseded'") + "UNION ALL" + Self.ofIssuer(in: "'revoked'") + "UNION ALL"
        + Self.ofIssuer(in: "'closed'") + "ORDER BY ordinal DESC LIMIT ?2"
    private static let ofIssuerInState =
        Self.columns + "WHERE ordinal < ?1 AND issuer_id = ?4 AND state = ?3 ORDER BY ordinal DESC LIMIT ?2"
    private static let ofDevice =
        Self.columns
            + """
            WHERE ordinal < ?1 AND device = ?5 AND (?3 IS NULL OR +state = ?3) AND (?4 IS NULL OR +issuer_id = ?4)
            ORDER BY ordinal DESC LIMIT ?2
            """
    private static let bySerial = Self.columns + "WHERE serial = ?1"
    private static let byThumbprint = Self.columns + "WHERE thumbprint = ?1"

    private static func ofIssuer(in state: SQL) -> SQL {
        Self.columns + "WHERE ordinal < ?1 AND issuer_id = ?4 AND state =" + state
    }

    func list(_ query: CertificateQuery) throws -> Page<CertificateRecord> {
        let paging = try Paging(after: query.after, limit: query.limit)
        let row =
            switch (query.device, query.issuerID, query.state) {
            case (.some, _, _): try self.connection.prepare(Self.ofDevice)
            case (nil, .some, .some): try self.connection.prepare(Self.ofIssuerInState)
            case (nil, .some, nil): try self.connection.prepare(Self.ofIssuer)
            case (nil, nil, .some): try self.connection.prepare(Self.inState)
            case (nil, nil, nil): try self.connection.prepare(Self.all)
            }
        try paging.bind(to: row)
        // A statement has no parameter above its highest: binding nothing there would be refused. What lies below has to
        // be bound, since nothing has a type too.
        let isByDevice = query.device != nil
        if isByDevice || query.issuerID != nil || query.state != nil { try row.bind(query.state?.rawValue, at: 3) }
        if isByDevice || query.issuerID != nil { try row.bind(query.issuerID, at: 4) }
        if let device = query.device { try row.bind(device.octets, at: 5) }
        return try paging.page(row, Self.record)
    }

    func find(_ serial: SerialNumber) throws -> CertificateRecord? {
        try self.first(Self.bySerial, serial.octets)
    }

    func find(thumbprint: [UInt8]) throws -> CertificateRecord? {
        try self.first(Self.byThumbprint, thumbprint)
    }

    private func first(_ sql: SQL, _ key: [UInt8]) throws -> CertificateRecord? {
        let row = try self.connection.prepare(sql)
        try row.bind(key, at: 1)
        return try row.step() ? try Self.record(row) : nil
    }

    private static func record(_ row: borrowing LedgerStatement) throws -> CertificateRecord {
        guard let serial = SerialNumber(octets: row.octets(1)), let state = CertificateState(rawValue: row.text(3)),
            let protection = KeyProtection(rawValue: row.text(17))
        else { throw EnrollmentError.unreadable("a certificate") }
        return CertificateRecord(
            serialNumber: serial,
            issuerID: row.text(2),
            state: state,
            profile: row.text(4),
            device: row.optionalOctets(5).flatMap { DeviceID(octets: $0) },
            subject: row.text(6),
            notBefore: Timestamp(microseconds: row.integer(7)),
            notAfter: Timestamp(microseconds: row.integer(8)),
            recorded: Timestamp(microseconds: row.integer(9)),
            toBeSignedDigest: row.octets(10),
            toBeSigned: row.octets(11),
            keyDigest: row.octets(12),
            der: row.optionalOctets(13),
            thumbprint: row.optionalOctets(14),
            reason: row.optionalText(15),
            crlShard: row.optionalInteger(16).map { Int($0) },
            protection: protection,
            predecessor: row.optionalOctets(18).flatMap { SerialNumber(octets: $0) },
            seen: row.optionalInteger(19).map { Timestamp(microseconds: $0) },
            supersedeAfter: row.optionalInteger(20).map { Timestamp(microseconds: $0) }
        )
    }
}
