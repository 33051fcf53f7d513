internal import EnrollmentCore
internal import SQLText

/// Carries out what ``KeyRotation`` came to, inside one transaction.
struct RotationTransaction {
    private let change: RotationChange
    private let announcements: [RotationAnnouncement]
    private let act: AdministrativeAct
    private let authorities: AuthorityTables
    private let certificates: CertificateTable
    private let revocations: RevocationTable
    private let crls: CRLTable
    private let outbox: OutboxTable
    private let acts: ActTable
    private let connection: LedgerConnection

    init(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct,
        on connection: LedgerConnection
    ) {
        self.change = change
        self.announcements = announcements
        self.act = act
        self.connection = connection
        self.authorities = AuthorityTables(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.revocations = RevocationTable(connection: connection)
        self.crls = CRLTable(connection: connection)
        self.outbox = OutboxTable(connection: connection)
        self.acts = ActTable(connection: connection)
    }

    func run() throws {
        guard !self.change.isNothing else { return }
        try self.judgeAnnouncements()
        if self.change.needsNothingLive { try self.judgeUse() }
        if self.change.moves.contains(where: { $0.to == .retired }) { try self.judgeLastCRLs() }
        for move in self.change.moves {
            guard try self.authorities.move(move, at: self.act.time) else { throw EnrollmentError.changed(move.id) }
        }
        if self.change.hurries, try !self.authorities.hurry(self.change.id, at: self.act.time) {
            throw EnrollmentError.changed(self.change.id)
        }
        for id in self.change.destroyedKeys { try self.authorities.destroyKey(of: id) }
        for move in self.change.moves where move.to == .aborted { try self.authorities.clear(move.id) }
        for (id, reason) in self.change.revokedIssuers.sorted(by: { $0.key < $1.key }) {
            try self.revoke(id, reason)
        }
        for announcement in self.announcements { try self.tell(announcement) }
        try self.acts.record(self.act, device: nil, facts: self.change.facts)
        try self.connection.tell(.authority)
    }

    // MARK: Judging

    private func judgeAnnouncements() throws {
        let wanted = self.change.announcements.map { [$0.kind.rawValue, $0.id] }
        guard wanted == self.announcements.map({ [$0.kind.rawValue, $0.announcement.id] }) else {
            throw EnrollmentError(
                .internalService,
                "What is to be told of issuer \(self.change.id) is not what was decided; nothing was done. Report this.",
                rule: "rotation.announcements"
            )
        }
    }

    private func judgeUse() throws {
        let count = try self.certificates.countLive(of: self.change.id, at: self.act.time)
        guard count == 0 else {
            throw EnrollmentError(
                .authorization,
                "\(count) live certificates hang on issuer \(self.change.id); nothing was done.",
                rule: "rotation.in-use",
                facts: [Fact("issuer", self.change.id), Fact("certificates", String(count))]
            )
        }
    }

    /// What the issuer says of revocation for the last time has to hold until its end, and to be complete.
    private func judgeLastCRLs() throws {
        guard let serial = try self.authorities.serial(of: self.change.id),
            let end = try self.certificates.find(serial)?.notAfter
        else { throw EnrollmentError.changed(self.change.id) }
        // Once it has ended nobody looks at them, and none is made any more.
        guard end > self.act.time else { return }
        for standing in try self.crls.shards() where standing.shard.issuerID == self.change.id {
            let trouble: String
            if let published = standing.published {
                if published.nextUpdate < end {
                    trouble = "its CRL \(published.number) ends before the issuer's certificate does"
                } else if standing.waitingSince != nil {
                    trouble = "its CRL \(published.number) lacks a revocation"
                } else {
                    continue
                }
            } else {
                guard try standing.waitingSince != nil || self.certificates.isNamed(standing.shard) else { continue }
                trouble = "it has no CRL"
            }
            throw EnrollmentError(
                .authorization,
                "Shard \(standing.shard.number) of issuer \(self.change.id) is not closed: \(trouble). Publish a CRL that"
                    + " is valid until the issuer's end first; nothing was done.",
                rule: "rotation.last-crl",
                facts: [Fact("issuer", self.change.id), Fact("shard", String(standing.shard.number))]
            )
        }
    }

    // MARK: Doing

    /// An issuer is revoked by whoever signed it, on that one's CRL.
    private func revoke(_ id: String, _ reason: RevocationReason) throws {
        guard let serial = try self.authorities.serial(of: id) else { throw EnrollmentError.changed(id) }
        guard try self.revocations.revoke(serial, reason: reason, at: self.act.time) else { return }
        try self.certificates.end(serial, as: .revoked, reason: reason.name)
    }

    private func tell(_ announcement: RotationAnnouncement) throws {
        try self.outbox.insert(
            HandOffEvent(
                id: announcement.eventID,
                kind: announcement.kind,
                device: nil,
                generation: 0,
                serialNumber: nil
            ),
            traceID: self.act.traceID,
            subject: announcement.announcement.id,
            details: announcement.announcement.details,
            at: self.act.time
        )
    }
}

extension EnrollmentError {
    static func changed(_ id: String) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "Issuer \(id) is not in the state that this step starts from any more; nothing was done. Look at the issuers"
                + " again.",
            rule: "rotation.changed",
            facts: [Fact("issuer", id)]
        )
    }
}
