internal import EnrollmentCore

extension InMemoryLedger {
    /// Who is revoked and what CRLs were made of it.
    struct Revocations: Sendable {
        struct Entry: Sendable {
            let shard: CRLShard
            var reason: RevocationReason
            let revoked: Timestamp
            let notAfter: Timestamp
        }

        struct Shard: Sendable {
            var lastNumber: Int64 = 0
            var published: PublishedCRL? {
                didSet { self.formerUpdate = oldValue?.facts.thisUpdate }
            }
            /// `thisUpdate` of the CRL before the published one: what had ended by then is on no list any more.
            private(set) var formerUpdate: Timestamp?
            /// Numbers of recorded intents with the digest of what was to be signed.
            var recorded: [Int64: [UInt8]] = [:]
        }

        struct Lease: Sendable {
            let holder: String
            let until: Timestamp
        }

        var entries: [SerialNumber: Entry] = [:]
        var changes: [RevocationChange] = []
        var newestChange: Int64 = 0
        var shards: [CRLShard: Shard] = [:]
        var leases: [CRLShard: Lease] = [:]
    }
}

extension InMemoryLedger.State {
    /// Revokes a certificate, or gives its revocation a reason that replaces the former one.
    ///
    /// The certificate's own state is the caller's business.
    ///
    /// - Returns: `false` when nothing changed.
    mutating func revoke(_ serial: SerialNumber, reason: RevocationReason, at now: Timestamp) -> Bool {
        guard let record = self.index(of: serial).map({ self.certificates[$0].record }), record.state != .closed else {
            return false
        }
        let former = self.revocation.entries[serial]
        if let former, !reason.replaces(former.reason) { return false }
        let shard = CRLShard(issuerID: record.issuerID, number: record.crlShard ?? 0)
        self.revocation.entries[serial] = InMemoryLedger.Revocations.Entry(
            shard: shard,
            reason: reason,
            revoked: former?.revoked ?? now,
            notAfter: record.notAfter
        )
        self.log(serial, shard, at: now)
        return true
    }

    /// Takes a certificate off hold.
    ///
    /// - Returns: `false` when it is not on hold.
    mutating func lift(_ serial: SerialNumber, at now: Timestamp) -> Bool {
        guard let entry = self.revocation.entries[serial], entry.reason == .certificateHold else { return false }
        self.revocation.entries[serial] = nil
        self.log(serial, entry.shard, at: now)
        return true
    }

    private mutating func log(_ serial: SerialNumber, _ shard: CRLShard, at now: Timestamp) {
        self.revocation.newestChange += 1
        self.revocation.changes.append(
            RevocationChange(
                ordinal: self.revocation.newestChange,
                shard: shard,
                serialNumber: serial,
                recorded: now
            )
        )
        if self.revocation.shards[shard] == nil { self.revocation.shards[shard] = InMemoryLedger.Revocations.Shard() }
    }

    /// Records an act with what it did; the facts of an act in several parts add up.
    mutating func record(_ act: AdministrativeAct, device: DeviceID?, facts: [Fact]) throws(EnrollmentError) {
        guard let index = self.acts.firstIndex(where: { $0.act.traceID == act.traceID }) else {
            return self.acts.append(ActRecord(act: act, device: device, facts: facts))
        }
        let former = self.acts[index]
        guard former.act.actor == act.actor, former.act.reason == act.reason else {
            throw InMemoryLedger.refusal("act.trace-id")
        }
        self.acts[index] = ActRecord(
            act: former.act,
            device: former.device == device ? device : nil,
            facts: former.facts + facts
        )
    }
}
