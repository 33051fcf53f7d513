import EnrollmentCore
import Ledger

/// Asks whether the revocation lists are as fresh as promised.
struct CRLChecks {
    /// Seconds within which a change is to be on a CRL, and some more for whoever is just at it.
    private static let longestWait: Int64 = 120

    let examination: Examination

    func findings() async throws(EnrollmentError) -> [Finding] {
        let standings = try await self.examination.ledger.shards().filter { self.isKept($0.shard.issuerID) }
        let issuers = Set(standings.map(\.shard.issuerID)).sorted()
        guard !issuers.isEmpty else {
            return [Finding(.warning, "crl", "no issuer has a CRL yet", remedy: "gatehouse serve, which makes them")]
        }
        return issuers.flatMap { id in self.judge(id, standings.filter { $0.shard.issuerID == id }) }
    }

    /// Whether the issuer's CRLs are still replaced: the last one of an issuer that has ended is as old as it will be.
    private func isKept(_ issuerID: String) -> Bool {
        guard let issuer = self.examination.issuers.first(where: { $0.id == issuerID }) else { return false }
        switch issuer.state {
        // Those whose key is elsewhere are replaced by people: see ``RotationChecks``.
        case .published, .active, .draining, .crlOnly, .compromised: guard issuer.key.isAtHand else { return false }
        case .prepared, .retired, .aborted: return false
        }
        // One that cannot be read is told of by its own check.
        return CertificateChecks.end(of: issuer.certificate).map { $0 >= self.examination.now } ?? true
    }

    /// One finding for an issuer whose CRLs are in order, otherwise one for each that is not.
    private func judge(_ issuerID: String, _ standings: [CRLStanding]) -> [Finding] {
        let bad = standings.compactMap(self.problem)
        guard bad.isEmpty else { return bad }
        let now = self.examination.now
        let oldest = standings.compactMap { $0.published?.thisUpdate }.min() ?? now
        let next = standings.compactMap { $0.published?.nextUpdate }.min() ?? now
        let entries = standings.compactMap { $0.published?.entryCount }.reduce(0, +)
        return [
            .ok(
                "crl \(issuerID)",
                "\(Numerals.count(standings.count, "CRL")), \(Numerals.grouped(entries)) \(entries == 1 ? "entry" : "entries"),"
                    + " the oldest made \(Numerals.duration(now.seconds(since: oldest))) ago,"
                    + " the first is out of date in \(Numerals.duration(next.seconds(since: now)))"
            )
        ]
    }

    private func problem(_ standing: CRLStanding) -> Finding? {
        let now = self.examination.now
        let name = "crl \(standing.shard)"
        let remedy = "gatehouse crl publish \(standing.shard)"
        guard let facts = standing.published else {
            return Finding(.failure, name, "never published", remedy: remedy)
        }
        if facts.nextUpdate < now {
            let ago = Numerals.duration(now.seconds(since: facts.nextUpdate))
            return Finding(
                .failure,
                name,
                "its next update passed \(ago) ago: verifiers take it for void",
                remedy: remedy
            )
        }
        if let since = standing.waitingSince, now.seconds(since: since) > Self.longestWait {
            let wait = Numerals.duration(now.seconds(since: since))
            return Finding(.failure, name, "a revocation waits for \(wait) to be on it", remedy: remedy)
        }
        let interval = Int64(self.examination.configuration.crl.intervalHours) * 3_600
        let age = now.seconds(since: facts.thisUpdate)
        if age > interval + 3_600 {
            return Finding(
                .warning,
                name,
                "made \(Numerals.duration(age)) ago; a running service makes it every \(Numerals.duration(interval))",
                remedy: remedy
            )
        }
        return nil
    }
}
