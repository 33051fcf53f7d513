package import EnrollmentCore

extension LedgerStore {
    // MARK: Revoking

    package func revoke(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome {
        try await self.write(LockPlan(serials: order.serialNumbers)) { try RevocationTransaction.run(order, on: $0) }
    }

    package func rehearse(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome {
        try await self.write(LockPlan(serials: order.serialNumbers)) { connection in
            try connection.rehearsal { try RevocationTransaction.run(order, on: connection) }
        }
    }

    package func revocable(
        _ selection: RevocationSelection,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SerialNumber> {
        try await self.read { connection in
            try CertificateTable(connection: connection).revocable(selection, at: now, after: after, limit: limit)
        }
    }

    package func blockKey(_ digest: [UInt8], act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        try await self.write(LockPlan(keys: [digest])) { connection in
            let certificates = CertificateTable(connection: connection)
            guard try certificates.blockReason(ofKey: digest) == nil else { return false }
            try certificates.blockKey(digest, reason: act.reason, at: act.time)
            let facts = [Fact("key", Hexadecimal.encode(digest))]
            try ActTable(connection: connection).record(act, device: nil, facts: facts)
            return true
        }
    }

    // MARK: Asking

    package func status(
        of serialNumber: SerialNumber,
        issuedBy issuerID: String
    ) async throws(EnrollmentError) -> CertificateStatus {
        try await self.read { try RevocationTable(connection: $0).status(of: serialNumber, issuedBy: issuerID) }
    }

    package func revocation(of serialNumber: SerialNumber) async throws(EnrollmentError) -> Revocation? {
        try await self.read { try RevocationTable(connection: $0).find(serialNumber) }
    }

    package func changes(after ordinal: Int64, limit: Int) async throws(EnrollmentError) -> [RevocationChange] {
        try await self.read { try RevocationTable(connection: $0).changes(after: ordinal, limit: limit) }
    }

    package func newestChange() async throws(EnrollmentError) -> Int64 {
        try await self.read { try RevocationTable(connection: $0).newestChange() }
    }

    // MARK: CRLs

    package func announce(_ shards: [CRLShard]) async throws(EnrollmentError) {
        try await self.write(.none) { connection in
            let revocations = RevocationTable(connection: connection)
            // Of one that was taken back nothing is left, whoever has not heard of it yet.
            let aborted = try AuthorityTables(connection: connection).issuers().filter { $0.state == .aborted }.map(
                \.id
            )
            for shard in shards where !aborted.contains(shard.issuerID) { try revocations.announce(shard) }
        }
    }

    package func shards() async throws(EnrollmentError) -> [CRLStanding] {
        try await self.read { try CRLTable(connection: $0).shards() }
    }

    package func takeTurn(
        at shard: CRLShard,
        holder: String,
        now: Timestamp,
        until: Timestamp
    ) async throws(EnrollmentError) -> CRLTurnOutcome {
        try await self.write(LockPlan(names: [CRLTable.lease(of: shard)])) { connection in
            try CRLTable(connection: connection).takeTurn(at: shard, holder: holder, now: now, until: until)
        }
    }

    package func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serialNumber: SerialNumber?,
        limit: Int
    ) async throws(EnrollmentError) -> [CRLEntry] {
        try await self.read { connection in
            try RevocationTable(connection: connection)
                .entries(of: shard, notEndedBefore: moment, after: serialNumber, limit: limit)
        }
    }

    package func record(
        _ turn: CRLTurn,
        toBeSignedDigest: [UInt8],
        at now: Timestamp
    ) async throws(EnrollmentError) {
        try await self.write(LockPlan(names: [CRLTable.lease(of: turn.shard)])) { connection in
            try CRLTable(connection: connection).record(turn, toBeSignedDigest: toBeSignedDigest, at: now)
        }
    }

    package func publish(_ crl: PublishedCRL, by turn: CRLTurn, at now: Timestamp) async throws(EnrollmentError) {
        let evidence = { @Sendable (connection: LedgerConnection) throws -> Void? in
            try CRLTable(connection: connection).published(of: crl.shard)?.facts == crl.facts ? () : nil
        }
        try await self.write(LockPlan(names: [CRLTable.lease(of: crl.shard)]), .evidence(evidence)) {
            try CRLTable(connection: $0).publish(crl, by: turn)
        }
    }

    package func crl(of shard: CRLShard) async throws(EnrollmentError) -> PublishedCRL? {
        try await self.read { try CRLTable(connection: $0).published(of: shard) }
    }
}
