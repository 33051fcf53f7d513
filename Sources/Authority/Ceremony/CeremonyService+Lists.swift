internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

extension CeremonyService {
    /// Seconds for which a number stays this ceremony's alone; after that it is as long as nobody else takes a turn.
    private static let leaseSeconds: Int64 = 86_400
    private static let pageSize = 4_000

    /// The next CRL of every shard that certificates of the root name, numbered and recorded.
    func lists(
        of root: IssuerRecord,
        for party: SigningParty,
        naming shard: Int?,
        days: Int
    ) async throws(EnrollmentError) -> [CeremonyItem] {
        if let shard { try await self.ledger.announce([CRLShard(issuerID: root.id, number: shard)]) }
        var items: [CeremonyItem] = []
        for standing in try await self.ledger.shards() where standing.shard.issuerID == root.id {
            items.append(try await self.list(standing, party, days))
        }
        return items
    }

    private func list(
        _ standing: CRLStanding,
        _ party: SigningParty,
        _ days: Int
    ) async throws(EnrollmentError) -> CeremonyItem {
        let now = self.clock.now
        let turn: CRLTurn
        switch try await self.ledger.takeTurn(
            at: standing.shard,
            // The same for every ceremony of a root: a later one takes its numbers over from one that is not wanted.
            holder: "ceremony of \(party.id)",
            now: now,
            until: now.adding(seconds: Self.leaseSeconds)
        ) {
        case .turn(let given): turn = given
        case .leased(let holder, let until):
            throw EnrollmentError(
                .authorization,
                "CRL \(standing.shard) is being made by \(holder) until \(until) at the latest. Finish or withdraw that first.",
                rule: "ceremony.leased"
            )
        case .unknownShard:
            throw EnrollmentError(.internalService, "The store does not know \(standing.shard).", rule: "crl.shard")
        }
        let (toBeSigned, item) = try await self.assemble(turn, party, now: now, days: days)
        let digest = try library("crl.digest") { () throws(OpenSSLError) in try Digest.sha256(toBeSigned) }
        try await self.ledger.record(turn, toBeSignedDigest: digest, at: self.clock.now)
        return CeremonyItem(.list(item), toBeSigned: toBeSigned)
    }

    private func assemble(
        _ turn: CRLTurn,
        _ party: SigningParty,
        now: Timestamp,
        days: Int
    ) async throws(EnrollmentError) -> ([UInt8], CeremonyItem.ListTurn) {
        let point = self.addresses.crl(of: turn.shard)
        let body = RevocationListBody(
            scheme: party.scheme,
            issuer: party.subject,
            authorityKeyIdentifier: party.keyIdentifier,
            number: turn.number,
            thisUpdate: now.seconds,
            nextUpdate: now.seconds + Int64(days) * 86_400,
            nextPublish: nil,
            distributionPoint: point
        )
        var writer = try encoding("crl.encoding", "The CRL cannot be encoded") { () throws(X509Error) in
            try RevocationListWriter(body)
        }
        let moment = turn.previousUpdate.map { min($0, now) } ?? Timestamp(seconds: 0)
        var last: SerialNumber?
        var count: Int64 = 0
        while true {
            let page = try await self.ledger.entries(
                of: turn.shard,
                notEndedBefore: moment,
                after: last,
                limit: Self.pageSize
            )
            guard let next = page.last?.serialNumber else { break }
            for entry in page {
                do throws(X509Error) {
                    try writer.append(
                        serialNumber: entry.serialNumber.octets,
                        revokedAt: min(entry.revoked.seconds, now.seconds),
                        reason: CRLReason(entry.reason)
                    )
                } catch {
                    throw CeremonyReading.unreadable("CRL entry", error)
                }
                count += 1
            }
            last = next
        }
        let item = CeremonyItem.ListTurn(
            shard: turn.shard.number,
            holder: turn.holder,
            number: turn.number,
            through: turn.through,
            thisUpdate: body.thisUpdate,
            nextUpdate: body.nextUpdate,
            entryCount: count,
            distributionPoint: point
        )
        return (writer.finish(), item)
    }

    /// Publishes a CRL that came back, unless it is there already.
    ///
    /// - Returns: `false` for one that has been overtaken by a later one, which stays.
    func publish(
        _ der: [UInt8],
        _ item: CeremonyItem.ListTurn,
        of rootID: String
    ) async throws(EnrollmentError) -> Bool {
        let shard = CRLShard(issuerID: rootID, number: item.shard)
        if let published = try await self.ledger.shards().first(where: { $0.shard == shard })?.published {
            guard published.number < item.number else { return published.number == item.number }
        }
        let facts = CRLFacts(
            number: item.number,
            thisUpdate: Timestamp(seconds: item.thisUpdate),
            nextUpdate: Timestamp(seconds: item.nextUpdate),
            entryCount: Int(item.entryCount),
            through: item.through,
            thumbprint: try library("crl.digest") { () throws(OpenSSLError) in try Digest.sha256(der) },
            octetCount: der.count
        )
        let turn = CRLTurn(
            shard: shard,
            holder: item.holder,
            number: item.number,
            through: item.through,
            previousUpdate: nil
        )
        let crl = PublishedCRL(shard: shard, facts: facts, der: der)
        do throws(EnrollmentError) {
            try await self.ledger.publish(crl, by: turn, at: self.clock.now)
            return true
        } catch  where error.rule == "crl.turn" {
            // A later ceremony, or whoever has the key by now, has the shard's next number.
            return false
        }
    }
}
