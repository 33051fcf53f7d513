import Authority
import EnrollmentCore
import Glibc
import Ledger
import Synchronization

/// Restores a backup that was opened, or says what would become of it.
struct Restoring {
    let backup: OpenedBackup
    let target: StorePlace
    let replaces: Bool
    let accepted: Set<LossKind>
    /// CRLs that somebody named.
    let named: [String]
    /// Where the authority publishes; `nil` when nobody knows.
    let addresses: AuthorityAddresses?

    /// What is known, and what is in the way.
    struct Judgement: Sendable {
        let loss: RestoreLoss
        /// What was looked at, each in words.
        let evidence: [String]
        let obstacles: [String]
        /// Kinds of loss that nobody accepted.
        let missing: [LossKind]

        var isRefused: Bool { !self.obstacles.isEmpty || !self.missing.isEmpty }
    }

    func judge() async throws(CommandProblem) -> Judgement {
        var loss = RestoreLoss()
        var evidence: [String] = []
        let lists = PublishedLists(issuers: self.backup.facts.issuers)
        var seen: [PublishedLists.Seen] = []
        for name in self.named { seen.append(try lists.named(name)) }
        if !seen.isEmpty { evidence.append("\(Numerals.count(seen.count, "CRL")) that --published names") }
        if let addresses {
            let shards = self.backup.facts.shards.filter { $0.lastNumber > 0 }.map(\.shard)
            let published = lists.published(at: addresses, shards)
            seen += published.lists
            evidence.append(published.note)
        }
        let image = self.backup.image
        let all = seen
        let now = SystemClock().now
        loss.add(try await self.wrapped { () throws(EnrollmentError) in try await image.loss(bySeen: all) })
        var obstacles = try await self.wrapped { () throws(EnrollmentError) in
            try await image.obstacles(at: self.target, replacing: self.replaces)
        }
        if let early = RestoreOrder.obstacle(made: self.backup.manifest.made, now: now) {
            obstacles.insert(early, at: 0)
        }
        let found = self.mayHoldStore ? try await self.lossByTarget() : nil
        if let found {
            loss.add(found)
            evidence.append("the store at \(self.target)")
        } else {
            if self.mayHoldStore { evidence.append("\(self.target) holds nothing") }
            loss.isUnknown = seen.isEmpty
            loss.access = try await self.wrapped { () throws(EnrollmentError) in try await image.openAccess(at: now) }
        }
        let known = loss
        return Judgement(
            loss: loss,
            evidence: evidence,
            obstacles: obstacles,
            missing: LossKind.allCases.filter { $0.concerns(known) && !self.accepted.contains($0) }
        )
    }

    private var mayHoldStore: Bool {
        guard case .sqlite(let path) = self.target else { return true }
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 0
    }

    /// What the store that is there knows; `nil` when there is none, or only a part of one.
    private func lossByTarget() async throws(CommandProblem) -> RestoreLoss? {
        do throws(EnrollmentError) {
            return try await self.backup.image.loss(by: self.target)
        } catch {
            if error.rule == "ledger.empty" || error.rule == "ledger.unfinishedCopy" { return nil }
            if error.rule == "backup.otherAuthority" { throw .backup(error, self.backup.file) }
            throw CommandProblem(
                "GH-BACKUP-008",
                "the store that is there cannot be read, so nobody knows what it knows: \(error.detail)",
                [
                    ("store", "\(self.target)"), ("rule", error.rule),
                    ("try", "mend it; or move it away yourself, and name what was published since with --published"),
                ],
                exit: .refused
            )
        }
    }

    func perform(_ judgement: Judgement, by act: AdministrativeAct) async throws(CommandProblem) -> RestoreOutcome {
        let order = RestoreOrder(
            act: act,
            facts: self.facts(judgement),
            made: self.backup.manifest.made,
            loss: judgement.loss
        )
        let meter = Mutex(ProgressMeter?.none)
        let total = Mutex(0)
        let outcome = try await self.wrapped { () throws(EnrollmentError) in
            try await self.backup.image.restore(to: self.target, replacing: self.replaces, by: order) { progress in
                total.withLock { $0 = progress.total }
                meter.withLock { meter in
                    if meter == nil { meter = ProgressMeter("writing rows", total: progress.total) }
                    meter?.advance(to: progress.done, failed: 0)
                }
            }
        }
        let rows = total.withLock { $0 }
        meter.withLock { $0?.finish(at: rows, failed: 0) }
        return outcome
    }

    private func facts(_ judgement: Judgement) -> [Fact] {
        let manifest = self.backup.manifest
        let loss = judgement.loss
        return [
            Fact("file", self.backup.file), Fact("made", "\(manifest.made)"), Fact("made-by", manifest.madeBy),
            Fact("image-sha256", Hexadecimal.encode(manifest.imageDigest)),
        ] + LossKind.allCases.filter { $0.concerns(loss) }.map(\.fact) + [
            Fact("lost-certificates", String(loss.certificates.count)),
            Fact("lost-revocations", String(loss.strangers.count)),
        ] + loss.issuers.prefix(10).map { Fact("issuer", $0) }
            + self.backup.broken.prefix(10).map { Fact("finding", $0) }
    }

    private func wrapped<Value>(
        _ body: () async throws(EnrollmentError) -> Value
    ) async throws(CommandProblem) -> Value {
        do throws(EnrollmentError) {
            return try await body()
        } catch {
            throw .backup(error, self.backup.file)
        }
    }
}
