internal import EnrollmentCore
internal import SQLText

/// Issuers, the service's own certificates, and what opens their sealed keys.
struct AuthorityTables {
    let connection: LedgerConnection

    func issuers() throws -> [IssuerRecord] {
        let row = try self.connection.prepare(
            """
            SELECT id, role, state, signed_by, certificate, sealed_key, created, key_place, published, activated, deposed,
                hurried, ended
            FROM issuer ORDER BY ordinal
            """
        )
        var issuers: [IssuerRecord] = []
        while try row.step() {
            guard let role = IssuerRecord.Role(rawValue: row.text(1)),
                let state = IssuerRecord.State(rawValue: row.text(2)),
                let key = KeyLocation(place: row.text(7), octets: row.octets(5))
            else { throw EnrollmentError.unreadable("an issuer") }
            issuers.append(
                IssuerRecord(
                    id: row.text(0),
                    role: role,
                    state: state,
                    signedBy: row.text(3),
                    certificate: row.octets(4),
                    key: key,
                    created: Timestamp(microseconds: row.integer(6)),
                    moments: IssuerRecord.Moments(
                        published: row.optionalInteger(8).map { Timestamp(microseconds: $0) },
                        activated: row.optionalInteger(9).map { Timestamp(microseconds: $0) },
                        deposed: row.optionalInteger(10).map { Timestamp(microseconds: $0) },
                        hurried: row.optionalInteger(11).map { Timestamp(microseconds: $0) },
                        ended: row.optionalInteger(12).map { Timestamp(microseconds: $0) }
                    )
                )
            )
        }
        return issuers
    }

    /// Whether the issuer is on record as one that does not sign new certificates, not yet or not any more.
    func isRetiredOrWaiting(_ id: String) throws -> Bool {
        let row = try self.connection.prepare("SELECT 1 FROM issuer WHERE id = ?1 AND state <> 'active'")
        try row.bind(id, at: 1)
        return try row.step()
    }

    /// Whether its devices may renew ahead of their schedule.
    func isHurried(_ id: String) throws -> Bool {
        let row = try self.connection.prepare("SELECT 1 FROM issuer WHERE id = ?1 AND hurried IS NOT NULL")
        try row.bind(id, at: 1)
        return try row.step()
    }

    func insert(_ issuer: IssuerRecord, serial: SerialNumber) throws {
        let statement = try self.connection.prepare(
            """
            INSERT INTO issuer (id, role, state, signed_by, serial, certificate, sealed_key, created, key_place,
                published, activated, deposed, hurried, ended)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            """
        )
        try statement.bind(issuer.id, at: 1)
        try statement.bind(issuer.role.rawValue, at: 2)
        try statement.bind(issuer.state.rawValue, at: 3)
        try statement.bind(issuer.signedBy, at: 4)
        try statement.bind(serial.octets, at: 5)
        try statement.bind(issuer.certificate, at: 6)
        try statement.bind(issuer.key.octets, at: 7)
        try statement.bind(issuer.created.microseconds, at: 8)
        try statement.bind(issuer.key.place, at: 9)
        try statement.bind(issuer.moments.published?.microseconds, at: 10)
        try statement.bind(issuer.moments.activated?.microseconds, at: 11)
        try statement.bind(issuer.moments.deposed?.microseconds, at: 12)
        try statement.bind(issuer.moments.hurried?.microseconds, at: 13)
        try statement.bind(issuer.moments.ended?.microseconds, at: 14)
        try statement.run()
        try self.connection.tell(.authority)
    }

    func insert(_ record: ServiceCertificateRecord) throws {
        var chain = FieldWriter()
        for certificate in record.chain { chain.append(certificate) }
        let statement = try self.connection.prepare(
            """
            INSERT INTO service_certificate (use, serial, chain, sealed_key, not_after) VALUES (?1, ?2, ?3, ?4, ?5)
            """
        )
        try statement.bind(record.use, at: 1)
        try statement.bind(record.serialNumber.octets, at: 2)
        try statement.bind(chain.octets, at: 3)
        try statement.bind(record.sealedKey, at: 4)
        try statement.bind(record.notAfter.microseconds, at: 5)
        try statement.run()
        try self.connection.tell(.authority)
    }

    func newest(for use: String) throws -> ServiceCertificateRecord? {
        let row = try self.connection.prepare(
            """
            SELECT serial, chain, sealed_key, not_after FROM service_certificate
            WHERE use = ?1 ORDER BY ordinal DESC LIMIT 1
            """
        )
        try row.bind(use, at: 1)
        guard try row.step() else { return nil }
        guard let serial = SerialNumber(octets: row.octets(0)) else {
            throw EnrollmentError.unreadable("a service certificate")
        }
        var reader = FieldReader(row.octets(1))
        var chain: [[UInt8]] = []
        while !reader.isAtEnd { chain.append(try reader.octets()) }
        return ServiceCertificateRecord(
            use: use,
            serialNumber: serial,
            chain: chain,
            sealedKey: row.octets(2),
            notAfter: Timestamp(microseconds: row.integer(3))
        )
    }

    func sealingParameters() throws -> [UInt8]? {
        let row = try self.connection.prepare("SELECT parameters FROM sealing WHERE \"only\" = 1")
        return try row.step() ? row.octets(0) : nil
    }

    /// - Returns: `false` when there are some already; they stay.
    func insert(sealingParameters: [UInt8]) throws -> Bool {
        let statement = try self.connection.prepare(
            "INSERT INTO sealing VALUES (1, ?1) ON CONFLICT (\"only\") DO NOTHING"
        )
        try statement.bind(sealingParameters, at: 1)
        return try statement.runCounting() == 1
    }
}
