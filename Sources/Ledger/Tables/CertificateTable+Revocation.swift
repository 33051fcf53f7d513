internal import EnrollmentCore
internal import SQLText

extension CertificateTable {
    /// The device's certificates that are still to come, oldest first, with what each was renewed from.
    func openIntents(of device: DeviceID) throws -> [(serial: SerialNumber, predecessor: SerialNumber?)] {
        let row = try self.connection.prepare(
            """
            SELECT serial, predecessor FROM certificate
            WHERE device = ?1 AND +state = 'intent' AND +reason IS NULL ORDER BY ordinal
            """
        )
        try row.bind(device.octets, at: 1)
        var intents: [(serial: SerialNumber, predecessor: SerialNumber?)] = []
        while try row.step() {
            guard let serial = SerialNumber(octets: row.octets(0)) else {
                throw EnrollmentError.unreadable("a serial number")
            }
            intents.append((serial, row.optionalOctets(1).flatMap { SerialNumber(octets: $0) }))
        }
        return intents
    }

    /// The device's latest certificate that is neither revoked for good nor ended by `now`.
    func newestValid(of device: DeviceID, at now: Timestamp) throws -> (serial: SerialNumber, notAfter: Timestamp)? {
        let row = try self.connection.prepare(
            """
            SELECT serial, not_after FROM certificate
            WHERE device = ?1 AND +state = 'issued' AND +not_after >= ?2 ORDER BY ordinal DESC LIMIT 1
            """
        )
        try row.bind(device.octets, at: 1)
        try row.bind(now.microseconds, at: 2)
        guard try row.step() else { return nil }
        guard let serial = SerialNumber(octets: row.octets(0)) else {
            throw EnrollmentError.unreadable("a serial number")
        }
        return (serial, Timestamp(microseconds: row.integer(1)))
    }

    /// Takes back that the certificate is to be superseded: what was to replace it is gone.
    func keep(_ serial: SerialNumber) throws {
        let statement = try self.connection.prepare("UPDATE certificate SET supersede_after = NULL WHERE serial = ?1")
        try statement.bind(serial.octets, at: 1)
        try statement.run()
    }

    // MARK: What can be revoked

    private static let columns: SQL = "SELECT c.ordinal, c.serial FROM certificate c"
    /// Neither ended, closed nor revoked for good.
    ///
    /// `+` keeps the planner from choosing an index of its own.
    private static let isRevocable: SQL = """
        AND +c.state IN ('intent', 'issued') AND +c.not_after >= ?3
        AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.issuer_id = c.issuer_id
            AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial AND r.reason <> 6)
        """
    private static let page: SQL = "ORDER BY c.ordinal LIMIT ?2"
    private static let bySerial = Self.columns + "WHERE c.ordinal > ?1 AND c.serial = ?4" + Self.isRevocable + Self.page
    private static let byThumbprint =
        Self.columns + "WHERE c.ordinal > ?1 AND c.thumbprint = ?4" + Self.isRevocable + Self.page
    private static let byDevice = Self.columns + "WHERE c.ordinal > ?1 AND c.device = ?4" + Self.isRevocable + Self.page
    /// A key that is compromised has to be told of whatever was revoked for a lesser reason.
    private static let byKey =
        Self.columns
            + """
            WHERE c.ordinal > ?1 AND c.key_digest = ?4 AND +c.state <> 'closed' AND +c.not_after >= ?3
            AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.issuer_id = c.issuer_id
                AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial AND r.reason IN (1, 2))
            ORDER BY c.ordinal LIMIT ?2
            """
    /// Two walks through an index that has no revoked ones in it, merged: however many were revoked already, the next
    /// page is as near as the first.
    private static let byIssuer: SQL = """
        SELECT c.ordinal, c.serial FROM certificate c INDEXED BY certificate_issuer_state
        WHERE c.issuer_id = ?4 AND c.state = 'issued' AND c.ordinal > ?1 AND +c.not_after >= ?3
        UNION ALL
        SELECT c.ordinal, c.serial FROM certificate c INDEXED BY certificate_issuer_state
        WHERE c.issuer_id = ?4 AND c.state = 'intent' AND c.ordinal > ?1 AND +c.not_after >= ?3
            AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.issuer_id = c.issuer_id
                AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial AND r.reason <> 6)
        ORDER BY 1 LIMIT ?2
        """
    /// Device by device, which spares sorting.
    private static let byUser: SQL = """
        SELECT c.ordinal, c.serial, d.ordinal FROM device d CROSS JOIN certificate c ON c.device = d.id
        WHERE d.user_id = ?4 AND d.ordinal >= ?5 AND (d.ordinal > ?5 OR c.ordinal > ?1)
            AND +c.state IN ('intent', 'issued') AND +c.not_after >= ?3
            AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.issuer_id = c.issuer_id
                AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial AND r.reason <> 6)
        ORDER BY d.ordinal, c.ordinal LIMIT ?2
        """

    func revocable(
        _ selection: RevocationSelection,
        at now: Timestamp,
        after key: String?,
        limit: Int
    ) throws -> Page<SerialNumber> {
        let limit = PageSize.clamped(limit)
        let place = try RevocableKey(key)
        let row: LedgerStatement
        switch selection {
        case .serialNumber(let serial):
            row = try self.connection.prepare(Self.bySerial)
            try row.bind(serial.octets, at: 4)
        case .thumbprint(let digest):
            row = try self.connection.prepare(Self.byThumbprint)
            try row.bind(digest, at: 4)
        case .device(let device):
            row = try self.connection.prepare(Self.byDevice)
            try row.bind(device.octets, at: 4)
        case .key(let digest):
            row = try self.connection.prepare(Self.byKey)
            try row.bind(digest, at: 4)
        case .issuer(let id):
            row = try self.connection.prepare(Self.byIssuer)
            try row.bind(id, at: 4)
        case .user(let id):
            row = try self.connection.prepare(Self.byUser)
            try row.bind(id, at: 4)
            try row.bind(place.device, at: 5)
        }
        try row.bind(place.certificate, at: 1)
        // One more than asked for tells whether there is a next page.
        try row.bind(limit + 1, at: 2)
        try row.bind(now.microseconds, at: 3)
        var serials: [SerialNumber] = []
        var last = place
        let isByUser = if case .user = selection { true } else { false }
        while try row.step() {
            if serials.count == limit { return Page(elements: serials, next: last.text) }
            guard let serial = SerialNumber(octets: row.octets(1)) else {
                throw EnrollmentError.unreadable("a serial number")
            }
            serials.append(serial)
            last = RevocableKey(certificate: row.integer(0), device: isByUser ? row.integer(2) : 0)
        }
        return Page(elements: serials, next: nil)
    }
}

/// Where a list of certificates to revoke goes on: behind this device's certificate of this ordinal.
private struct RevocableKey {
    let certificate: Int64
    /// 0 where the list does not go by devices.
    let device: Int64

    init(certificate: Int64, device: Int64) {
        self.certificate = certificate
        self.device = device
    }

    /// - Throws: ``EnrollmentError`` with code `messageFormat` for a key that no page gave.
    init(_ text: String?) throws(EnrollmentError) {
        guard let text else {
            self.init(certificate: 0, device: 0)
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 2, let device = parts[0], let certificate = parts[1] else {
            throw EnrollmentError(
                .messageFormat,
                "The key to continue a list after is not one that a page gave.",
                rule: "query.after"
            )
        }
        self.init(certificate: certificate, device: device)
    }

    var text: String { "\(self.device).\(self.certificate)" }
}
