package import EnrollmentCore
internal import SQLText

extension StoreImage {
    /// Compares the image with CRLs that somebody has.
    ///
    /// - Parameter lists: CRLs with where each was seen.
    /// - Returns: What is in them and not in the image.
    /// - Throws: ``EnrollmentError`` when the image cannot be read.
    package func loss(bySeen lists: [(crl: SeenCRL, source: String)]) throws(EnrollmentError) -> RestoreLoss {
        do {
            let known = KnownRows(LedgerConnection(self.connection))
            var loss = RestoreLoss()
            for (crl, source) in lists {
                try known.note(crl.number, of: crl.shard, seenIn: source, in: &loss)
                for entry in crl.entries {
                    guard try known.holds(entry.serialNumber) else {
                        loss.certificates.insert(entry.serialNumber)
                        loss.strangers.insert(entry.serialNumber)
                        continue
                    }
                    try known.note(entry.reason, of: entry.serialNumber, in: &loss)
                }
            }
            return loss
        } catch {
            throw .ledger(error)
        }
    }

    /// Compares the image with a store that went on after the backup was made.
    ///
    /// - Parameter place: The store.
    /// - Returns: What is in it and not in the image.
    /// - Throws: ``EnrollmentError`` when the store cannot be read, with rule `backup.otherAuthority` when none of its
    ///   issuers is one of the image's.
    package func loss(by place: StorePlace) throws(EnrollmentError) -> RestoreLoss {
        do {
            let image = LedgerConnection(self.connection)
            return try place.withSnapshot { try StoreEvidence(store: $0, name: "\(place)").loss(of: image) }
        } catch {
            throw .ledger(error)
        }
    }
}

/// Asks the image what it knows.
private struct KnownRows {
    let connection: LedgerConnection

    init(_ connection: LedgerConnection) {
        self.connection = connection
    }

    /// Whether it knows the certificate, be it only by the proof that retention keeps.
    func holds(_ serial: SerialNumber) throws -> Bool {
        let row = try self.connection.prepare(
            """
            SELECT 1 FROM certificate WHERE serial = ?1 UNION ALL SELECT 1 FROM certificate_proof WHERE serial = ?1
            LIMIT 1
            """
        )
        try row.bind(serial.octets, at: 1)
        return try row.step()
    }

    /// Notes a revocation that it does not show.
    func note(_ reason: RevocationReason, of serial: SerialNumber, in loss: inout RestoreLoss) throws {
        let row = try self.connection.prepare(
            """
            SELECT r.reason FROM certificate c LEFT JOIN revocation r
                ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
            WHERE c.serial = ?1 AND c.state <> 'closed'
            """
        )
        try row.bind(serial.octets, at: 1)
        // Of one that was pruned a proof is kept, with its revocation.
        guard try row.step() else { return }
        if let former = try row.optionalInteger(0).map({ try RevocationReason.read($0) }), !reason.replaces(former) {
            return
        }
        let other = loss.revocations[serial]
        if other.map({ reason.replaces($0) }) ?? true { loss.revocations[serial] = reason }
    }

    func note(_ number: Int64, of shard: CRLShard, seenIn source: String, in loss: inout RestoreLoss) throws {
        let row = try self.connection.prepare("SELECT last_number FROM crl_shard WHERE issuer_id = ?1 AND shard = ?2")
        try row.bind(shard.issuerID, at: 1)
        try row.bind(shard.number, at: 2)
        let own = try row.step() ? row.integer(0) : 0
        loss.numbers[shard] = max(loss.numbers[shard] ?? 0, number)
        guard number > own else { return }
        loss.numberings.append(RestoreLoss.Numbering(shard: shard, backup: own, known: number, source: source))
    }
}

/// A store that is about to be replaced, read for what happened in it since.
private struct StoreEvidence {
    private static let page = 1_000

    let store: LedgerConnection
    let name: String

    func loss(of image: LedgerConnection) throws -> RestoreLoss {
        var loss = RestoreLoss()
        let issuers = try AuthorityTables(connection: self.store).issuers()
        // A founding that broke off, or a store that was never filled.
        guard !issuers.isEmpty else { return loss }
        let known = KnownRows(image)
        try self.compare(issuers, with: try AuthorityTables(connection: image).issuers(), &loss)
        let row = try self.store.prepare(
            "SELECT issuer_id, shard, last_number FROM crl_shard ORDER BY issuer_id, shard"
        )
        var numbers: [(CRLShard, Int64)] = []
        while try row.step() {
            numbers.append((CRLShard(issuerID: row.text(0), number: Int(row.integer(1))), row.integer(2)))
        }
        for (shard, number) in numbers { try known.note(number, of: shard, seenIn: self.name, in: &loss) }
        loss.feedPosition = try OutboxTable(connection: self.store).lastPosition()
        try self.certificates(known, &loss)
        try self.blockedKeys(image, &loss)
        return loss
    }

    private func compare(
        _ issuers: [IssuerRecord],
        with own: [IssuerRecord],
        _ loss: inout RestoreLoss
    ) throws(EnrollmentError) {
        guard issuers.contains(where: { other in own.contains { $0.certificate == other.certificate } }) else {
            throw EnrollmentError(
                .messageFormat,
                "\(self.name) holds another authority than the backup; it is not replaced.",
                rule: "backup.otherAuthority"
            )
        }
        for issuer in issuers {
            guard let record = own.first(where: { $0.id == issuer.id && $0.certificate == issuer.certificate }) else {
                loss.issuers.append("\(issuer.id), \(issuer.state.rawValue) there, is not in the backup")
                continue
            }
            if record.state != issuer.state {
                loss.issuers.append(
                    "\(issuer.id) is \(issuer.state.rawValue) there, \(record.state.rawValue) in the backup"
                )
            }
            if record.key != issuer.key, issuer.key != .destroyed {
                loss.issuers.append("\(issuer.id): its key was moved or sealed anew there (\(issuer.key.place))")
            }
        }
    }

    private static let rows: SQL = """
        SELECT c.ordinal, c.serial, r.reason FROM certificate c LEFT JOIN revocation r
            ON r.issuer_id = c.issuer_id AND r.shard = coalesce(c.crl_shard, 0) AND r.serial = c.serial
        WHERE c.ordinal > ?1 AND c.state <> 'closed' ORDER BY c.ordinal LIMIT ?2
        """

    private func certificates(_ known: KnownRows, _ loss: inout RestoreLoss) throws {
        var last: Int64 = 0
        while true {
            let row = try self.store.prepare(Self.rows)
            try row.bind(last, at: 1)
            try row.bind(Self.page, at: 2)
            var count = 0
            while try row.step() {
                count += 1
                last = row.integer(0)
                guard let serial = SerialNumber(octets: row.octets(1)) else {
                    throw EnrollmentError.unreadable("a serial number")
                }
                let reason = try row.optionalInteger(2).map { try RevocationReason.read($0) }
                guard try known.holds(serial) else {
                    loss.certificates.insert(serial)
                    if reason != nil { loss.strangers.insert(serial) }
                    continue
                }
                if let reason { try known.note(reason, of: serial, in: &loss) }
            }
            guard count == Self.page else { return }
        }
    }

    private func blockedKeys(_ image: LedgerConnection, _ loss: inout RestoreLoss) throws {
        let certificates = CertificateTable(connection: image)
        let row = try self.store.prepare("SELECT key_digest, reason FROM blocked_key ORDER BY key_digest")
        while try row.step() {
            let digest = row.octets(0)
            if try certificates.blockReason(ofKey: digest) == nil { loss.blockedKeys[digest] = row.text(1) }
        }
    }
}
