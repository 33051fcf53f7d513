package import EnrollmentCore

extension LedgerStore {
    // MARK: Looking

    package func issuerFigures(at now: Timestamp) async throws(EnrollmentError) -> IssuerFigures {
        try await self.read { connection in
            let certificates = CertificateTable(connection: connection)
            let issuers = try AuthorityTables(connection: connection).issuers()
            try certificates.foreseeLive(of: issuers.map(\.id), at: now)
            var figures: [String: IssuerFigures.Figure] = [:]
            for issuer in issuers {
                let count = try certificates.countLive(of: issuer.id, at: now)
                figures[issuer.id] = IssuerFigures.Figure(liveCertificates: count)
            }
            var devices = 0
            for (known, count) in try DeviceTable(connection: connection).countTrust(at: now) {
                devices += count
                for id in known { figures[id]?.knowingDevices += count }
            }
            return IssuerFigures(issuers: issuers, figures: figures, liveDevices: devices)
        }
    }

    package func links() async throws(EnrollmentError) -> [LinkCertificate] {
        try await self.read { try AuthorityTables(connection: $0).links() }
    }

    package func devices(
        lacking issuerID: String,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<AdoptionGap> {
        try await self.read {
            try DeviceTable(connection: $0).lacking(issuerID, at: now, after: after, limit: limit)
        }
    }

    package func devices(
        holding issuerID: String,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<DeviceRecord> {
        try await self.read {
            try DeviceTable(connection: $0).holding(issuerID, at: now, after: after, limit: limit)
        }
    }

    // MARK: New ones

    package func confirmPrepared(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt,
        act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try await self.write(.authority, .recorded(certificate)) { connection in
            let authorities = AuthorityTables(connection: connection)
            if let refusal = EnrollmentError.preparation(of: issuer, beside: try authorities.issuers()) {
                throw refusal
            }
            let certificates = CertificateTable(connection: connection)
            _ = try certificates.openIntent(receipt, for: certificate)
            try certificates.issue(certificate)
            try authorities.insert(issuer, serial: certificate.serialNumber)
            try ActTable(connection: connection).record(act, device: nil, facts: issuer.preparationFacts)
        }
    }

    package func confirmLink(
        _ link: LinkCertificate,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try await self.write(.authority, .recorded(certificate)) { connection in
            let certificates = CertificateTable(connection: connection)
            _ = try certificates.openIntent(receipt, for: certificate)
            try certificates.issue(certificate)
            guard try AuthorityTables(connection: connection).insert(link) else { throw EnrollmentError.linked(link) }
        }
    }

    // MARK: Steps

    package func apply(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            guard let known = try ActTable(connection: connection).find(act.traceID), known.act.actor == act.actor
            else { return nil }
            // An act can be of several steps; each leaves facts of its own.
            return Set(known.facts).isSuperset(of: change.facts) ? () : nil
        }
        try await self.write(.rotation, .evidence(evidence)) { connection in
            try RotationTransaction(change, announcing: announcements, by: act, on: connection).run()
        }
    }

    package func rehearse(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try await self.write(.rotation) { connection in
            try connection.rehearsal {
                try RotationTransaction(change, announcing: announcements, by: act, on: connection).run()
            }
        }
    }

    // MARK: Compromises

    package func compromises() async throws(EnrollmentError) -> [CompromiseRecord] {
        try await self.read { try CompromiseTable(connection: $0).list() }
    }

    package func beginCompromise(
        of issuerID: String,
        successor: String?,
        perMinute: Int,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> CompromiseRecord {
        try await self.write(.authority) { connection in
            guard try AuthorityTables(connection: connection).find(issuerID)?.state == .compromised else {
                throw EnrollmentError.changed(issuerID)
            }
            let compromises = CompromiseTable(connection: connection)
            let former = try compromises.find(issuerID)
            let left = try CertificateTable(connection: connection).countRevocable(of: issuerID, at: act.time)
            let record = CompromiseRecord(
                issuerID: issuerID,
                successor: former.map(\.successor) ?? successor,
                traceID: former?.traceID ?? act.traceID,
                started: former?.started ?? act.time,
                total: former?.total ?? left,
                perMinute: perMinute,
                finished: left == 0 ? former?.finished : nil
            )
            try compromises.store(record)
            return record
        }
    }

    package func finishCompromise(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Bool {
        try await self.write(.authority) { connection in
            let compromises = CompromiseTable(connection: connection)
            guard try compromises.find(issuerID) != nil,
                try CertificateTable(connection: connection).countRevocable(of: issuerID, at: now) == 0
            else { return false }
            try compromises.finish(issuerID, at: now)
            return true
        }
    }

    package func revocableCount(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Int {
        try await self.read { try CertificateTable(connection: $0).countRevocable(of: issuerID, at: now) }
    }

    package func devicesToRevoke(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Int {
        try await self.read { try CertificateTable(connection: $0).countDevices(of: issuerID, at: now) }
    }
}

extension EnrollmentError {
    /// Why the issuer cannot be stored as a prepared one; `nil` when it can.
    fileprivate static func preparation(of issuer: IssuerRecord, beside others: [IssuerRecord]) -> EnrollmentError? {
        guard issuer.state == .prepared else { return .changed(issuer.id) }
        if others.contains(where: { $0.id == issuer.id }) {
            return EnrollmentError(
                .authorization,
                "There is an issuer \(issuer.id) already; ids are given once. Nothing was stored.",
                rule: "rotation.id",
                facts: [Fact("issuer", issuer.id)]
            )
        }
        let next = others.first { $0.role == issuer.role && ($0.state == .prepared || $0.state == .published) }
        return next.map { next in
            EnrollmentError(
                .authorization,
                "Issuer \(next.id) is \(next.state.rawValue) already; activate it or take it back first. Nothing was"
                    + " stored.",
                rule: "rotation.next-exists",
                facts: [Fact("issuer", next.id), Fact("state", next.state.rawValue)]
            )
        }
    }

    fileprivate static func linked(_ link: LinkCertificate) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "There is a link certificate of \(link.subjectID) by \(link.signedBy) already; it stays. Nothing was stored.",
            rule: "rotation.link-exists",
            facts: [Fact("issuer", link.subjectID), Fact("signed-by", link.signedBy)]
        )
    }
}
