public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: RevocationLedger {
    public func revoke(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome {
        try self.transaction { (state) throws(EnrollmentError) in try state.revoke(order) }
    }

    public func rehearse(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome {
        var copy = self.state.withLock { $0 }
        return try copy.revoke(order)
    }

    public func revocable(
        _ selection: RevocationSelection,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SerialNumber> {
        let all = self.state.withLock { $0.revocable(selection, at: now) }
        var rest = all[...]
        if let after {
            let parts = after.split(separator: ".").compactMap { Int($0) }
            guard parts.count == 2 else {
                throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
            }
            rest = rest.drop { ($0.device, $0.certificate) <= (parts[0], parts[1]) }
        }
        let page = rest.prefix(PageSize.clamped(limit))
        return Page(
            elements: page.map(\.serialNumber),
            next: page.count < rest.count ? page.last.map { "\($0.device).\($0.certificate)" } : nil
        )
    }

    public func blockKey(_ digest: [UInt8], act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        try self.transaction { (state) throws(EnrollmentError) in
            guard state.blockedKeys[digest] == nil else { return false }
            state.blockedKeys[digest] = act.reason
            try state.record(act, device: nil, facts: [Fact("key", Hexadecimal.encode(digest))])
            return true
        }
    }

    public func status(
        of serialNumber: SerialNumber,
        issuedBy issuerID: String
    ) async throws(EnrollmentError) -> CertificateStatus {
        self.state.withLock { $0.status(of: serialNumber, issuedBy: issuerID) }
    }

    public func revocation(of serialNumber: SerialNumber) async throws(EnrollmentError) -> Revocation? {
        self.state.withLock { $0.revocation(of: serialNumber) }
    }

    public func changes(after ordinal: Int64, limit: Int) async throws(EnrollmentError) -> [RevocationChange] {
        self.state.withLock { state in
            Array(state.revocation.changes.filter { $0.ordinal > ordinal }.prefix(max(0, limit)))
        }
    }

    public func newestChange() async throws(EnrollmentError) -> Int64 {
        self.state.withLock { $0.revocation.newestChange }
    }

    public func announce(_ shards: [CRLShard]) async throws(EnrollmentError) {
        self.state.withLock { state in
            let aborted = state.issuers.filter { $0.state == .aborted }.map(\.id)
            for shard in shards where state.revocation.shards[shard] == nil && !aborted.contains(shard.issuerID) {
                state.revocation.shards[shard] = Revocations.Shard()
            }
        }
    }

    public func shards() async throws(EnrollmentError) -> [CRLStanding] {
        self.state.withLock { state in
            let known = state.revocation.shards.keys
                .sorted { ($0.issuerID, $0.number) < ($1.issuerID, $1.number) }
            return known.map { shard in
                let published = state.revocation.shards[shard]?.published
                let waiting = state.revocation.changes.first {
                    $0.shard == shard && $0.ordinal > published?.facts.through ?? 0
                }
                return CRLStanding(shard: shard, published: published?.facts, waitingSince: waiting?.recorded)
            }
        }
    }

    public func takeTurn(
        at shard: CRLShard,
        holder: String,
        now: Timestamp,
        until: Timestamp
    ) async throws(EnrollmentError) -> CRLTurnOutcome {
        self.state.withLock { state in
            guard let standing = state.revocation.shards[shard] else { return .unknownShard }
            let latest = now.adding(days: 1)
            if let lease = state.revocation.leases[shard], lease.holder != holder, lease.until > now,
                lease.until <= latest
            {
                return .leased(by: lease.holder, until: lease.until)
            }
            state.revocation.leases[shard] = Revocations.Lease(holder: holder, until: min(until, latest))
            state.revocation.shards[shard]?.lastNumber += 1
            return .turn(
                CRLTurn(
                    shard: shard,
                    holder: holder,
                    number: standing.lastNumber + 1,
                    through: state.revocation.newestChange,
                    previousUpdate: standing.published?.facts.thisUpdate
                )
            )
        }
    }

    public func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serialNumber: SerialNumber?,
        limit: Int
    ) async throws(EnrollmentError) -> [CRLEntry] {
        self.state.withLock { state in
            let listed = state.revocation.entries
                .filter { serial, entry in
                    entry.shard == shard && entry.notAfter >= moment
                        && (serialNumber.map { $0.octets.lexicographicallyPrecedes(serial.octets) } ?? true)
                }
                .sorted { $0.key.octets.lexicographicallyPrecedes($1.key.octets) }
            return listed.prefix(max(0, limit))
                .map { CRLEntry(serialNumber: $0.key, revoked: $0.value.revoked, reason: $0.value.reason) }
        }
    }

    public func record(
        _ turn: CRLTurn,
        toBeSignedDigest: [UInt8],
        at now: Timestamp
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            let shard = try state.shard(during: turn)
            guard shard.recorded[turn.number] ?? toBeSignedDigest == toBeSignedDigest else {
                throw Self.refusal("crl.turn")
            }
            state.revocation.shards[turn.shard]?.recorded[turn.number] = toBeSignedDigest
        }
    }

    public func publish(_ crl: PublishedCRL, by turn: CRLTurn, at now: Timestamp) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            let shard = try state.shard(during: turn)
            guard crl.shard == turn.shard, crl.facts.number == turn.number, crl.facts.through <= turn.through,
                shard.recorded[turn.number] != nil, shard.published?.facts.number ?? 0 < turn.number
            else { throw Self.refusal("crl.turn") }
            state.revocation.shards[turn.shard]?.published = crl
            state.revocation.shards[turn.shard]?.recorded = [:]
            state.revocation.leases[turn.shard] = nil
        }
    }

    public func crl(of shard: CRLShard) async throws(EnrollmentError) -> PublishedCRL? {
        self.state.withLock { $0.revocation.shards[shard]?.published }
    }
}

extension InMemoryLedger.State {
    /// The shard while `turn` is the latest one and its lease was taken by nobody else.
    fileprivate func shard(during turn: CRLTurn) throws(EnrollmentError) -> InMemoryLedger.Revocations.Shard {
        guard let shard = self.revocation.shards[turn.shard], shard.lastNumber == turn.number,
            self.revocation.leases[turn.shard]?.holder == turn.holder
        else { throw InMemoryLedger.refusal("crl.turn") }
        return shard
    }
}
