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
                if let document = crl.document {
                    let list = RestoreLoss.List(
                        number: crl.number,
                        thisUpdate: crl.thisUpdate,
                        entryCount: crl.entries.count,
                        document: document
                    )
                    try known.note(list, of: crl.shard, in: &loss)
                }
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

extension StoreImage {
    /// What lets somebody in by what the image shows, and may have been revoked, used or taken back since.
    ///
    /// - Parameter now: What has run out by then is not counted.
    /// - Returns: How much of it there is.
    /// - Throws: ``EnrollmentError`` when the image cannot be read.
    package func openAccess(at now: Timestamp) throws(EnrollmentError) -> RestoreLoss.Access {
        do {
            let image = LedgerConnection(self.connection)
            let row = try image.prepare("SELECT count(*) FROM permit WHERE used_serial IS NULL AND until > ?1")
            try row.bind(now.microseconds, at: 1)
            return RestoreLoss.Access(
                tokens: try TokenTable(connection: image).valid(at: now).count,
                permits: try row.step() ? Int(row.integer(0)) : 0
            )
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
        try self.noteIssuer(reason, of: serial, in: &loss)
    }

    /// An issuer whose certificate was revoked signs again unless somebody ends it.
    private func noteIssuer(_ reason: RevocationReason, of serial: SerialNumber, in loss: inout RestoreLoss) throws {
        let row = try self.connection.prepare("SELECT id, state, signed_by FROM issuer WHERE serial = ?1")
        try row.bind(serial.octets, at: 1)
        guard try row.step() else { return }
        let words = "\(row.text(0)) was revoked by \(row.text(2)) (\(reason.name)), and is \(row.text(1)) in the backup"
        if !loss.issuers.contains(words) { loss.issuers.append(words) }
    }

    /// Notes a CRL of an issuer whose key is elsewhere, when it is newer than the one that the image shows.
    func note(_ list: RestoreLoss.List, of shard: CRLShard, in loss: inout RestoreLoss) throws {
        let row = try self.connection.prepare(
            """
            SELECT coalesce(s.published, 0) FROM issuer i
                LEFT JOIN crl_shard s ON s.issuer_id = i.id AND s.shard = ?2
            WHERE i.id = ?1 AND i.key_place NOT IN ('sealed', 'token')
            """
        )
        try row.bind(shard.issuerID, at: 1)
        try row.bind(shard.number, at: 2)
        guard try row.step(), list.number > row.integer(0), list.number > loss.lists[shard]?.number ?? 0 else { return }
        loss.lists[shard] = list
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
        try self.lists(known, &loss)
        try self.tokens(image, &loss)
        try self.permits(image, &loss)
        return loss
    }

    /// CRLs that are shown there.
    private func lists(_ known: KnownRows, _ loss: inout RestoreLoss) throws {
        let row = try self.store.prepare(
            """
            SELECT c.issuer_id, c.shard, c.number, c.this_update, c.entries, c.der, c.thumbprint, c.to_be_signed_digest,
                c.next_update
            FROM issuer i CROSS JOIN crl_shard s ON s.issuer_id = i.id CROSS JOIN crl c
                ON c.issuer_id = s.issuer_id AND c.shard = s.shard AND c.number = s.published
            WHERE i.role = 'root' OR i.key_place NOT IN ('sealed', 'token')
            """
        )
        var lists: [(CRLShard, RestoreLoss.List)] = []
        while try row.step() {
            let document = SeenCRL.Document(
                der: row.octets(5),
                thumbprint: row.octets(6),
                toBeSignedDigest: row.octets(7),
                nextUpdate: Timestamp(microseconds: row.integer(8))
            )
            let list = RestoreLoss.List(
                number: row.integer(2),
                thisUpdate: Timestamp(microseconds: row.integer(3)),
                entryCount: Int(row.integer(4)),
                document: document
            )
            lists.append((CRLShard(issuerID: row.text(0), number: Int(row.integer(1))), list))
        }
        for (shard, list) in lists { try known.note(list, of: shard, in: &loss) }
    }

    private func tokens(_ image: LedgerConnection, _ loss: inout RestoreLoss) throws {
        let tokens = TokenTable(connection: image)
        let row = try self.store.prepare("SELECT id FROM api_token WHERE revoked IS NOT NULL ORDER BY ordinal")
        while try row.step() {
            let id = row.text(0)
            if let token = try tokens.find(id), token.revoked == nil { loss.tokens.insert(id) }
        }
    }

    /// Those that are unused in the image, and are not there any more or were used.
    private func permits(_ image: LedgerConnection, _ loss: inout RestoreLoss) throws {
        let open: SQL = "SELECT device, kind, trace_id FROM permit WHERE used_serial IS NULL"
        loss.permits = try Self.grants(open, image).subtracting(try Self.grants(open, self.store))
    }

    private static func grants(_ sql: SQL, _ connection: LedgerConnection) throws -> Set<RestoreLoss.Grant> {
        let row = try connection.prepare(sql)
        var grants: Set<RestoreLoss.Grant> = []
        while try row.step() {
            grants.insert(RestoreLoss.Grant(device: row.octets(0), kind: row.text(1), traceID: row.text(2)))
        }
        return grants
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
