import EnrollmentCore
import Ledger
import X509Kit

/// What a revocation would do now: every fact it depends on, and an id that stands for all of them.
struct RevocationPlan: Sendable {
    /// `P-7F3K-22QM`: 40 bits of the SHA-256 over ``facts``, in Crockford's base 32.
    let id: String
    /// One line each, sorted.
    let facts: [String]
    let wish: RevocationWish
    let reason: RevocationReason
    let outcome: RevocationOutcome
    /// Whether the key is to be blocked and is not yet; `nil` where none is to be.
    let blocksKey: Bool?
    /// Certificates among ``RevocationOutcome/revoked`` that are the service's or the authority's own.
    let own: [CertificateRecord]
    /// A root's own certificate among them.
    let root: SerialNumber?

    /// How many certificates the plan would revoke.
    var count: Int { self.outcome.revoked.count }

    /// Makes a plan by carrying it out and taking it back.
    ///
    /// Each thousand certificates are tried by themselves. A device that has certificates in two of those, and would be
    /// left with none, is not listed as ended.
    ///
    /// - Parameters:
    ///   - wish: Which certificates.
    ///   - terms: Why.
    ///   - ledger: Opened for writing; nothing of it stays.
    ///   - now: The present.
    /// - Returns: The plan.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    static func make(
        _ wish: RevocationWish,
        _ terms: RevocationTerms,
        in ledger: any LedgerStore,
        at now: Timestamp
    ) async throws(EnrollmentError) -> RevocationPlan {
        var outcome = RevocationOutcome()
        for batch in try await wish.serialNumbers(in: ledger, at: now).batches(of: RevocationOrder.most) {
            outcome.add(try await ledger.rehearse(try terms.order(batch, at: now)))
        }
        return try await RevocationPlan(wish, terms.reason, outcome, in: ledger)
    }

    private init(
        _ wish: RevocationWish,
        _ reason: RevocationReason,
        _ outcome: RevocationOutcome,
        in ledger: any LedgerStore
    ) async throws(EnrollmentError) {
        var facts = ["reason \(reason.name)"]
        var own: [CertificateRecord] = []
        for serialNumber in outcome.revoked {
            let standing = try await ledger.revocation(of: serialNumber)
            facts.append("\(serialNumber) revoke" + (standing.map { ", now \($0.reason.name)" } ?? ""))
        }
        // Few are named one by one; whoever selects by device, user or key gets devices' certificates alone.
        if outcome.revoked.count <= 100 {
            for serialNumber in outcome.revoked {
                guard let record = try await ledger.certificate(serialNumber), record.device == nil else { continue }
                own.append(record)
            }
        }
        facts += outcome.already.map { "\($0.serialNumber) revoked \($0.revoked) (\($0.reason.name))" }
        facts += outcome.unknown.map { "\($0) unknown" }
        facts += outcome.ended.map { "device \($0) ends" }
        var blocksKey: Bool?
        if let key = wish.blockedKey {
            let isBlocked = try await ledger.isBlocked(key)
            facts.append("key \(Hexadecimal.encode(key)) \(isBlocked ? "blocked" : "block")")
            blocksKey = !isBlocked
        }
        facts.sort()
        self.facts = facts
        self.id = try PlanID.of(facts)
        self.wish = wish
        self.reason = reason
        self.outcome = outcome
        self.blocksKey = blocksKey
        self.own = own
        let revoked = Set(outcome.revoked)
        self.root = try await ledger.issuers().filter { $0.signedBy == $0.id }.compactMap(\.certificateSerial)
            .first(where: revoked.contains)
    }
}

extension IssuerRecord {
    /// The serial number of its certificate; `nil` when that cannot be read, which `doctor` tells.
    var certificateSerial: SerialNumber? {
        (try? Certificate(der: self.certificate)).flatMap { SerialNumber(octets: $0.serialNumber) }
    }
}

extension RevocationOutcome {
    mutating func add(_ other: RevocationOutcome) {
        self.revoked += other.revoked
        self.already += other.already
        self.unknown += other.unknown
        self.ended += other.ended
    }
}

extension Array {
    func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: size).map { Array(self[$0..<Swift.min($0 + size, self.count)]) }
    }
}
