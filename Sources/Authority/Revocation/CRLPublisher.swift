package import EnrollmentCore
internal import ServiceRuntime
internal import X509Kit

/// Makes and publishes CRLs, one shard after another: lease and number, entries, record, signature, publication.
///
/// A crash anywhere leaves the published CRL what it was, and at worst a number that is never seen.
package struct CRLPublisher: Sendable {
    /// What came of looking after every shard.
    package struct Round: Sendable {
        package struct Publication: Hashable, Sendable {
            package let shard: CRLShard
            package let reason: CRLSchedule.Reason
            package let facts: CRLFacts
        }

        package struct Failure: Sendable {
            package let shard: CRLShard
            package let error: EnrollmentError
        }

        package var published: [Publication] = []
        /// Due, and being made by another process.
        package var leased: [CRLShard] = []
        package var failures: [Failure] = []
    }

    /// What came of one shard.
    package enum Outcome: Hashable, Sendable {
        case published(CRLFacts)
        case leased(by: String, until: Timestamp)
    }

    /// Seconds; a CRL of a million entries is made in less, and after a crash another process takes over then.
    private static let leaseSeconds: Int64 = 60
    private static let pageSize = 4_000

    private let ledger: any RevocationLedger
    private let keys: IssuerKeys
    private let addresses: AuthorityAddresses
    private let clock: any WallClock
    private let schedule: CRLSchedule
    private let byPeople: CRLSchedule
    private let holder: String
    private let executor = BlockingExecutor(label: "gatehouse.crl")

    /// - Parameters:
    ///   - ledger: Revocations, and the CRLs made of them.
    ///   - keys: Whose CRLs to make.
    ///   - addresses: Where they are published, and in how many shards.
    ///   - clock: Dates them.
    ///   - schedule: When they are due; one without a ``CRLSchedule/problem``.
    ///   - byPeople: The same for issuers whose key people bring; `nil` makes no difference between them.
    ///   - holder: Names this process, the same for its whole life and different from every other.
    package init(
        ledger: any RevocationLedger,
        keys: IssuerKeys,
        addresses: AuthorityAddresses,
        clock: any WallClock,
        schedule: CRLSchedule,
        byPeople: CRLSchedule? = nil,
        holder: String
    ) {
        self.ledger = ledger
        self.keys = keys
        self.addresses = addresses
        self.clock = clock
        self.schedule = schedule
        self.byPeople = byPeople ?? schedule
        self.holder = holder
    }

    /// Publishes what is due; one shard's failure does not keep the others from it.
    ///
    /// - Throws: ``EnrollmentError`` when the store does not say what is due.
    package func publishDue() async throws(EnrollmentError) -> Round {
        var round = Round()
        let due = try await self.standings().compactMap { standing in
            self.schedule.reason(for: standing, at: self.clock.now).map { (standing, $0) }
        }
        for issuer in self.keys.issuers where self.keys.publishes(issuer.id, at: self.clock.now) {
            let own = due.filter { $0.0.shard.issuerID == issuer.id }
            if !own.isEmpty { await self.publish(own, of: issuer, into: &round) }
        }
        return round
    }

    /// Every shard; those of a new issuer are made known first, so that even one without a certificate gets its CRL.
    private func standings() async throws(EnrollmentError) -> [CRLStanding] {
        let standings = try await self.ledger.shards()
        let known = Set(standings.map(\.shard))
        let missing = self.keys.issuers.flatMap { issuer in
            (0..<self.addresses.shardCount).map { CRLShard(issuerID: issuer.id, number: $0) }
        }.filter { !known.contains($0) }
        guard !missing.isEmpty else { return standings }
        try await self.ledger.announce(missing)
        return try await self.ledger.shards()
    }

    /// Publishes one shard's next CRL, due or not.
    package func publish(_ standing: CRLStanding) async throws(EnrollmentError) -> Outcome {
        let id = standing.shard.issuerID
        guard let issuer = self.keys.issuer(id) else {
            throw EnrollmentError(.internalService, "Issuer \(id) does not sign here.", rule: "issuer.unknown")
        }
        return try await self.publish(standing, of: issuer, by: try await self.keys.party(id))
    }

    /// Publishes an issuer's last CRLs: each counts until the issuer's certificate ends, so that none has to follow.
    ///
    /// - Parameters:
    ///   - id: The issuer; its key is needed for the last time.
    ///   - end: The end of its certificate.
    /// - Throws: ``EnrollmentError`` with rule `crl.leased` while another process is at one of them.
    package func publishLast(of id: String, until end: Timestamp) async throws(EnrollmentError) {
        guard let issuer = self.keys.issuer(id) else {
            throw EnrollmentError(.internalService, "Issuer \(id) does not sign here.", rule: "issuer.unknown")
        }
        let party = try await self.keys.party(id)
        for standing in try await self.standings() where standing.shard.issuerID == id {
            if let published = standing.published, published.nextUpdate >= end, standing.waitingSince == nil {
                continue
            }
            guard
                case .leased(let holder, let until) = try await self.publish(
                    standing,
                    of: issuer,
                    by: party,
                    until: end
                )
            else { continue }
            throw EnrollmentError(
                .inMaintenance,
                "The last CRL of \(standing.shard) is just being made by \(holder), until \(until) at the latest. Try again.",
                rule: "crl.leased"
            )
        }
    }

    /// The issuer's key is fetched once for all its shards: a root's is not kept, and opening it is work.
    private func publish(
        _ due: [(CRLStanding, CRLSchedule.Reason)],
        of issuer: RevocationIssuer,
        into round: inout Round
    ) async {
        let party: SigningParty
        do throws(EnrollmentError) {
            party = try await self.keys.party(issuer.id)
        } catch {
            round.failures += due.map { Round.Failure(shard: $0.0.shard, error: error) }
            return
        }
        for (standing, reason) in due where !Task.isCancelled {
            do throws(EnrollmentError) {
                switch try await self.publish(standing, of: issuer, by: party) {
                case .published(let facts):
                    round.published.append(.init(shard: standing.shard, reason: reason, facts: facts))
                case .leased: round.leased.append(standing.shard)
                }
            } catch {
                round.failures.append(Round.Failure(shard: standing.shard, error: error))
            }
        }
    }

    private func publish(
        _ standing: CRLStanding,
        of issuer: RevocationIssuer,
        by party: SigningParty,
        until end: Timestamp? = nil
    ) async throws(EnrollmentError) -> Outcome {
        // Before there is a number that no CRL will have.
        try await party.key.ensureReach()
        let now = self.clock.now
        let turn: CRLTurn
        switch try await self.ledger.takeTurn(
            at: standing.shard,
            holder: self.holder,
            now: now,
            until: now.adding(seconds: Self.leaseSeconds)
        ) {
        case .turn(let given): turn = given
        case .leased(let holder, let until): return .leased(by: holder, until: until)
        case .unknownShard:
            throw EnrollmentError(
                .internalService,
                "The store does not know CRL shard \(standing.shard).",
                rule: "crl.shard"
            )
        }
        // Whole seconds, as they will be read back from it.
        let thisUpdate = Timestamp(seconds: now.seconds)
        // Nobody replaces it within a day whose key people have to come together for.
        let schedule = issuer.record.key.isAtHand ? self.schedule : self.byPeople
        let nextUpdate = end ?? thisUpdate.adding(seconds: schedule.validity)
        let body = RevocationListBody(
            scheme: party.scheme,
            issuer: party.subject,
            authorityKeyIdentifier: party.keyIdentifier,
            number: turn.number,
            thisUpdate: thisUpdate.seconds,
            nextUpdate: nextUpdate.seconds,
            nextPublish: end == nil ? thisUpdate.seconds + schedule.interval : nil,
            distributionPoint: self.addresses.crl(of: turn.shard)
        )
        let assembly = try CRLAssembly(
            body,
            by: party,
            issuer: issuer.certificate,
            expectedEntries: (standing.published?.entryCount ?? 0) + 100,
            on: self.executor
        )
        try await self.gather(turn, now: now, into: assembly)
        let digest = try await assembly.finish()
        try await self.ledger.record(turn, toBeSignedDigest: digest, at: self.clock.now)
        let product = try await assembly.sign(recordedAs: digest)
        let facts = CRLFacts(
            number: turn.number,
            thisUpdate: thisUpdate,
            nextUpdate: nextUpdate,
            entryCount: product.entryCount,
            through: turn.through,
            thumbprint: product.thumbprint,
            octetCount: product.der.count
        )
        let crl = PublishedCRL(shard: turn.shard, facts: facts, der: product.der)
        try await self.ledger.publish(crl, by: turn, at: self.clock.now)
        return .published(facts)
    }

    /// Writes every entry, a page at a time: memory holds the CRL once and no more.
    ///
    /// An entry is left out after one CRL past its certificate's end (RFC 5280 § 3.3), counted by the CRL that is
    /// published now; a clock that was set back must not make that too early.
    private func gather(_ turn: CRLTurn, now: Timestamp, into assembly: CRLAssembly) async throws(EnrollmentError) {
        let moment = turn.previousUpdate.map { min($0, now) } ?? Timestamp(seconds: 0)
        var last: SerialNumber?
        while true {
            let page = try await self.ledger.entries(
                of: turn.shard,
                notEndedBefore: moment,
                after: last,
                limit: Self.pageSize
            )
            // Only an empty page is the end: the store may give less at once than was asked for.
            guard let next = page.last?.serialNumber else { return }
            try await assembly.append(page)
            last = next
        }
    }
}
