import EnrollmentCore
import HTTPTransport
import Synchronization

/// The published CRLs, ready to be served from memory.
final class RevocationShelf: Sendable {
    /// Seconds for which caches may give a CRL out unasked: longer would keep revocations from those who rely on them.
    private static let freshness: Int64 = 600

    /// One CRL with what a cache needs to know.
    struct Item: Sendable {
        let facts: CRLFacts
        let representation: Representation
    }

    private struct State: Sendable {
        var standings: [CRLStanding] = []
        var items: [CRLShard: Item] = [:]
    }

    private let ledger: any RevocationLedger
    private let state = Mutex(State())

    init(ledger: any RevocationLedger) {
        self.ledger = ledger
    }

    /// What is known of every shard, as of the last ``refresh()``.
    var standings: [CRLStanding] { self.state.withLock { $0.standings } }

    /// The CRL of a shard; `nil` when there is none.
    func item(_ shard: CRLShard) -> Item? {
        self.state.withLock { $0.items[shard] }
    }

    /// Takes up what was published since, by whomever.
    func refresh() async throws(EnrollmentError) {
        let standings = try await self.ledger.shards()
        for standing in standings {
            guard let facts = standing.published, self.item(standing.shard)?.facts != facts,
                let crl = try await self.ledger.crl(of: standing.shard)
            else { continue }
            let item = Self.item(crl)
            self.state.withLock { $0.items[standing.shard] = item }
        }
        let known = Set(standings.map(\.shard))
        self.state.withLock { state in
            state.standings = standings
            // Of an issuer that was taken back none is left.
            state.items = state.items.filter { known.contains($0.key) }
        }
    }

    private static func item(_ crl: PublishedCRL) -> Item {
        let fresh = crl.facts.thisUpdate.adding(seconds: Self.freshness)
        return Item(
            facts: crl.facts,
            representation: Representation(
                contentType: "application/pkix-crl",
                body: crl.der,
                entityTag: EntityTag(digest: crl.facts.thumbprint),
                lastModified: crl.facts.thisUpdate.seconds,
                freshUntil: min(fresh, crl.facts.nextUpdate).seconds
            )
        )
    }
}
