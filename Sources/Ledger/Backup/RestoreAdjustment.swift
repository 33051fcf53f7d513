internal import EnrollmentCore
internal import SQLText

/// Makes a store of an earlier time fit for now, inside the transaction that puts it there.
///
/// What others may have seen since the backup must not be given once more for something else: numbers of CRLs, positions
/// of the feed, generations of devices. Serial numbers need nothing, since they are random.
struct RestoreAdjustment {
    /// No shard's CRLs are made more often than this, in a second.
    private static let listsPerSecond: Int64 = 1
    private static let moreLists: Int64 = 1_000
    private static let eventsPerSecond: Int64 = 1_000
    private static let moreEvents: Int64 = 1_000_000
    /// One device's own events.
    private static let generations: Int64 = 1_000

    let connection: LedgerConnection
    let order: RestoreOrder

    func run() throws -> RestoreOutcome {
        var outcome = RestoreOutcome()
        try self.connection.execute("DELETE FROM lease")
        outcome.lists = try self.showAgain()
        outcome.numbers = try self.raiseNumbers()
        outcome.feedPosition = try self.raiseFeed()
        try self.raiseGenerations()
        let acts = ActTable(connection: self.connection)
        try acts.record(self.order.act, device: nil, facts: self.order.facts)
        outcome.blockedKeys = try self.blockAgain()
        outcome.revoked = try self.revokeAgain()
        outcome.tokens = try self.revokeTokens()
        outcome.permits = try self.takeBack()
        return outcome
    }

    private var elapsed: Int64 { max(0, self.order.act.time.seconds(since: self.order.made)) }

    // MARK: CRLs

    /// Takes the backup's CRLs away, which are older than those that clients may have.
    ///
    /// The service makes new ones as it starts. Those of an issuer whose key is not here stay, or the newer ones that
    /// were seen, since nobody here could make others.
    private func raiseNumbers() throws -> [CRLShard: Int64] {
        try self.connection.execute(
            """
            DELETE FROM crl WHERE issuer_id IN (SELECT id FROM issuer WHERE key_place IN ('sealed', 'token'))
            """
        )
        try self.connection.execute(
            """
            UPDATE crl_shard SET published = NULL, through = 0
            WHERE issuer_id IN (SELECT id FROM issuer WHERE key_place IN ('sealed', 'token'))
            """
        )
        var numbers = self.order.loss.numbers
        let row = try self.connection.prepare("SELECT issuer_id, shard, last_number FROM crl_shard")
        while try row.step() {
            let shard = CRLShard(issuerID: row.text(0), number: Int(row.integer(1)))
            numbers[shard] = max(numbers[shard] ?? 0, row.integer(2))
        }
        for (shard, number) in numbers {
            let next = number + self.elapsed * Self.listsPerSecond + Self.moreLists
            numbers[shard] = next
            let statement = try self.connection.prepare(
                """
                INSERT INTO crl_shard (issuer_id, shard, last_number) VALUES (?1, ?2, ?3)
                ON CONFLICT (issuer_id, shard) DO UPDATE SET last_number = ?3
                """
            )
            try statement.bind(shard.issuerID, at: 1)
            try statement.bind(shard.number, at: 2)
            try statement.bind(next, at: 3)
            try statement.run()
        }
        return numbers
    }

    /// Shows the newest CRLs that were seen of issuers whose key is elsewhere, in place of the backup's.
    private func showAgain() throws -> [CRLShard: Int64] {
        for (shard, list) in self.order.loss.lists {
            try self.insert(list, of: shard)
            let pointer = try self.connection.prepare(
                """
                INSERT INTO crl_shard (issuer_id, shard, last_number, published) VALUES (?1, ?2, ?3, ?3)
                ON CONFLICT (issuer_id, shard) DO UPDATE SET published = ?3,
                    last_number = CASE WHEN crl_shard.last_number < ?3 THEN ?3 ELSE crl_shard.last_number END
                """
            )
            try pointer.bind(shard.issuerID, at: 1)
            try pointer.bind(shard.number, at: 2)
            try pointer.bind(list.number, at: 3)
            try pointer.run()
        }
        return self.order.loss.lists.mapValues(\.number)
    }

    private func insert(_ list: RestoreLoss.List, of shard: CRLShard) throws {
        // What it shows of this store's changes is not known: nothing beyond what the backup's showed is claimed.
        let statement = try self.connection.prepare(
            """
            INSERT INTO crl (issuer_id, shard, number, through, recorded, to_be_signed_digest, this_update, next_update,
                entries, octets, thumbprint, der)
            VALUES (?1, ?2, ?3,
                coalesce((SELECT s.through FROM crl_shard s WHERE s.issuer_id = ?1 AND s.shard = ?2), 0),
                ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (issuer_id, shard, number) DO UPDATE SET through = excluded.through,
                to_be_signed_digest = excluded.to_be_signed_digest, this_update = excluded.this_update,
                next_update = excluded.next_update, entries = excluded.entries, octets = excluded.octets,
                thumbprint = excluded.thumbprint, der = excluded.der
            """
        )
        try statement.bind(shard.issuerID, at: 1)
        try statement.bind(shard.number, at: 2)
        try statement.bind(list.number, at: 3)
        try statement.bind(self.order.act.time.microseconds, at: 4)
        try statement.bind(list.document.toBeSignedDigest, at: 5)
        try statement.bind(list.thisUpdate.microseconds, at: 6)
        try statement.bind(list.document.nextUpdate.microseconds, at: 7)
        try statement.bind(list.entryCount, at: 8)
        try statement.bind(list.document.der.count, at: 9)
        try statement.bind(list.document.thumbprint, at: 10)
        try statement.bind(list.document.der, at: 11)
        try statement.run()
    }

    // MARK: Events

    /// Every cursor given before is answered with "gone": its reader has seen events that are none any more.
    private func raiseFeed() throws -> Int64 {
        let last = max(try OutboxTable(connection: self.connection).lastPosition(), self.order.loss.feedPosition)
        let next = last + self.elapsed * Self.eventsPerSecond + Self.moreEvents
        let statement = try self.connection.prepare(
            """
            INSERT INTO feed ("only", last_position, pruned) VALUES (1, ?1, ?1)
            ON CONFLICT ("only") DO UPDATE SET last_position = ?1, pruned = ?1
            """
        )
        try statement.bind(next, at: 1)
        try statement.run()
        return next
    }

    /// A receiver takes no event of a generation that it has seen for a new one.
    private func raiseGenerations() throws {
        let statement = try self.connection.prepare("UPDATE device SET generation = generation + ?1")
        try statement.bind(Self.generations, at: 1)
        try statement.run()
    }

    // MARK: What is known to have been revoked

    private func blockAgain() throws -> Int {
        for (digest, reason) in self.order.loss.blockedKeys {
            let statement = try self.connection.prepare(
                """
                INSERT INTO blocked_key (key_digest, reason, recorded) VALUES (?1, ?2, ?3)
                ON CONFLICT (key_digest) DO NOTHING
                """
            )
            try statement.bind(digest, at: 1)
            try statement.bind(reason, at: 2)
            try statement.bind(self.order.act.time.microseconds, at: 3)
            try statement.run()
        }
        return self.order.loss.blockedKeys.count
    }

    private func revokeAgain() throws -> Int {
        var count = 0
        let byReason = Dictionary(grouping: self.order.loss.revocations) { $0.value }
        for (reason, entries) in byReason.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            // In the same order each time: a transaction may be run again.
            let serials = entries.map(\.key).sorted { $0.octets.lexicographicallyPrecedes($1.octets) }
            for start in stride(from: 0, to: serials.count, by: RevocationOrder.most) {
                let part = Array(serials[start..<min(start + RevocationOrder.most, serials.count)])
                let order = RevocationOrder(serialNumbers: part, reason: reason, act: self.order.act)
                count += try RevocationTransaction.run(order, on: self.connection).revoked.count
            }
        }
        return count
    }

    // MARK: Access

    private func revokeTokens() throws -> Int {
        let tokens = TokenTable(connection: self.connection)
        var count = 0
        for id in self.order.loss.tokens.sorted() {
            guard let token = try tokens.find(id), token.revoked == nil else { continue }
            try tokens.revoke(id, at: self.order.act.time)
            count += 1
        }
        return count
    }

    /// A permit that was used leads to a certificate that this store does not know: it is gone, and not used.
    private func takeBack() throws -> Int {
        var count = 0
        for grant in self.order.loss.permits {
            let statement = try self.connection.prepare(
                "DELETE FROM permit WHERE device = ?1 AND kind = ?2 AND trace_id = ?3 AND used_serial IS NULL"
            )
            try statement.bind(grant.device, at: 1)
            try statement.bind(grant.kind, at: 2)
            try statement.bind(grant.traceID, at: 3)
            count += try statement.runCounting()
        }
        return count
    }
}
