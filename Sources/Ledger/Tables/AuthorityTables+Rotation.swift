internal import EnrollmentCore
internal import SQLText

/// Issuers on their way through life.
extension AuthorityTables {
    func find(_ id: String) throws -> IssuerRecord? {
        try self.issuers().first { $0.id == id }
    }

    /// The issuer's own certificate.
    func serial(of id: String) throws -> SerialNumber? {
        let row = try self.connection.prepare("SELECT serial FROM issuer WHERE id = ?1")
        try row.bind(id, at: 1)
        guard try row.step() else { return nil }
        guard let serial = SerialNumber(octets: row.octets(0)) else { throw EnrollmentError.unreadable("an issuer") }
        return serial
    }

    /// Moves an issuer, and notes when.
    ///
    /// - Returns: `false` when it is not where the step starts from; nothing changed then.
    func move(_ step: RotationChange.Move, at now: Timestamp) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            UPDATE issuer SET state = ?2,
                published = CASE WHEN ?2 = 'published' THEN ?4 ELSE published END,
                activated = CASE WHEN ?2 = 'active' THEN ?4 ELSE activated END,
                deposed = CASE WHEN ?3 = 'active' THEN ?4 ELSE deposed END,
                ended = CASE WHEN ?2 IN ('retired', 'aborted', 'compromised') THEN ?4 ELSE ended END
            WHERE id = ?1 AND state = ?3
            """
        )
        try statement.bind(step.id, at: 1)
        try statement.bind(step.to.rawValue, at: 2)
        try statement.bind(step.from.rawValue, at: 3)
        try statement.bind(now.microseconds, at: 4)
        return try statement.runCounting() == 1
    }

    /// Lets the issuer's devices renew from now on; what was said before keeps its moment.
    ///
    /// - Returns: `false` when it is not draining.
    func hurry(_ id: String, at now: Timestamp) throws -> Bool {
        let statement = try self.connection.prepare(
            "UPDATE issuer SET hurried = coalesce(hurried, ?2) WHERE id = ?1 AND state = 'draining'"
        )
        try statement.bind(id, at: 1)
        try statement.bind(now.microseconds, at: 2)
        return try statement.runCounting() == 1
    }

    /// Takes the sealed key out of the store.
    ///
    /// What is of the same length is written in the same place, so that no page keeps the old octets.
    func destroyKey(of id: String) throws {
        let row = try self.connection.prepare("SELECT sealed_key FROM issuer WHERE id = ?1")
        try row.bind(id, at: 1)
        let length = try row.step() ? row.octets(0).count : 0
        for octets in [[UInt8](repeating: 0, count: length), []] {
            let statement = try self.connection.prepare(
                "UPDATE issuer SET sealed_key = ?2, key_place = 'destroyed' WHERE id = ?1"
            )
            try statement.bind(id, at: 1)
            try statement.bind(octets, at: 2)
            try statement.run()
        }
    }

    /// Who signed a certificate of the service's own and must not have: the listeners' comes from who signs now, a
    /// responder's from an issuer whose life is not over.
    ///
    /// - Returns: Its id; `nil` for an issuer that may, or is not on record.
    func formerSigner(of serial: SerialNumber, for use: String) throws -> String? {
        let row = try self.connection.prepare(
            """
            SELECT i.id, i.state FROM certificate c CROSS JOIN issuer i ON i.id = c.issuer_id WHERE c.serial = ?1
            """
        )
        try row.bind(serial.octets, at: 1)
        guard try row.step(), let state = IssuerRecord.State(rawValue: row.text(1)) else { return nil }
        return (use == "tls" ? state != .active : state.isFinal) ? row.text(0) : nil
    }

    /// Forgets what an issuer had prepared for its work and never did: its OCSP responder's key, and CRLs without entries.
    ///
    /// A CRL on which somebody put a certificate stays.
    func clear(_ id: String) throws {
        let use = "ocsp/\(id)"
        let row = try self.connection.prepare("SELECT max(length(sealed_key)) FROM service_certificate WHERE use = ?1")
        try row.bind(use, at: 1)
        let length = try row.step() ? Int(row.optionalInteger(0) ?? 0) : 0
        // Written in the same place first, so that no page keeps the old octets.
        let wiped = try self.connection.prepare("UPDATE service_certificate SET sealed_key = ?2 WHERE use = ?1")
        try wiped.bind(use, at: 1)
        try wiped.bind([UInt8](repeating: 0, count: length), at: 2)
        try wiped.run()
        let removed = try self.connection.prepare("DELETE FROM service_certificate WHERE use = ?1")
        try removed.bind(use, at: 1)
        try removed.run()
        let lists: [SQL] = [
            """
            DELETE FROM crl WHERE issuer_id = ?1 AND NOT EXISTS (
                SELECT 1 FROM revocation r WHERE r.issuer_id = crl.issuer_id AND r.shard = crl.shard)
            """,
            """
            DELETE FROM crl_shard WHERE issuer_id = ?1 AND NOT EXISTS (
                SELECT 1 FROM revocation r WHERE r.issuer_id = crl_shard.issuer_id AND r.shard = crl_shard.shard)
            """,
        ]
        for sql in lists {
            let statement = try self.connection.prepare(sql)
            try statement.bind(id, at: 1)
            try statement.run()
        }
    }

    // MARK: Links

    func links() throws -> [LinkCertificate] {
        let row = try self.connection.prepare(
            """
            SELECT subject_id, signed_by, serial, certificate FROM link_certificate
            ORDER BY recorded, subject_id, signed_by
            """
        )
        var links: [LinkCertificate] = []
        while try row.step() {
            guard let serial = SerialNumber(octets: row.octets(2)) else {
                throw EnrollmentError.unreadable("a link certificate")
            }
            links.append(
                LinkCertificate(
                    subjectID: row.text(0),
                    signedBy: row.text(1),
                    serialNumber: serial,
                    certificate: row.octets(3)
                )
            )
        }
        return links
    }

    /// - Returns: `false` when there is one of these two in this direction; it stays.
    func insert(_ link: LinkCertificate) throws -> Bool {
        let statement = try self.connection.prepare(
            """
            INSERT INTO link_certificate (subject_id, signed_by, serial, certificate, recorded)
            SELECT ?1, ?2, c.serial, ?4, c.recorded FROM certificate c WHERE c.serial = ?3
            ON CONFLICT (subject_id, signed_by) DO NOTHING
            """
        )
        try statement.bind(link.subjectID, at: 1)
        try statement.bind(link.signedBy, at: 2)
        try statement.bind(link.serialNumber.octets, at: 3)
        try statement.bind(link.certificate, at: 4)
        guard try statement.runCounting() == 1 else { return false }
        try self.connection.tell(.authority)
        return true
    }
}
