package import EnrollmentCore
internal import Synchronization
internal import X509Kit

/// The issuers that sign CRLs and certify OCSP responders, with their keys.
///
/// An issuing authority's key stays open once it was needed. A root's is opened for the moment and forgotten again.
package final class IssuerKeys: Sendable {
    private struct State: Sendable {
        var issuers: [RevocationIssuer] = []
        var parties: [String: SigningParty] = [:]
    }

    private let ledger: any AuthorityLedger
    private let keys: any IssuerKeySource
    private let bench = KeyBench()
    private let state = Mutex(State())

    package init(ledger: any AuthorityLedger, keys: any IssuerKeySource) {
        self.ledger = ledger
        self.keys = keys
    }

    /// Every issuer that may speak about revocation, oldest first, as of the last ``refresh()``.
    package var issuers: [RevocationIssuer] { self.state.withLock { $0.issuers } }

    /// The issuing authority that signs now; `nil` when there is none.
    package var active: RevocationIssuer? {
        self.issuers.last { $0.record.role == .issuing && $0.record.state == .active }
    }

    package func issuer(_ id: String) -> RevocationIssuer? {
        self.issuers.first { $0.id == id }
    }

    /// Whether that issuer's CRLs are made here: past its end, or retired, it has nobody left to tell.
    package func publishes(_ id: String, at now: Timestamp) -> Bool {
        self.issuer(id).map { now <= $0.notAfter } ?? false
    }

    /// Reads the issuers anew, so that a change of keys is seen without a restart.
    package func refresh() async throws(EnrollmentError) {
        let records = try await self.ledger.issuers().filter(self.speaks)
        let known = self.issuers
        guard known.map(\.record) != records else { return }
        var issuers: [RevocationIssuer] = []
        for record in records {
            if let same = known.first(where: { $0.record == record }) {
                issuers.append(same)
            } else {
                issuers.append(try RevocationIssuer(record))
            }
        }
        self.state.withLock { state in
            state.issuers = issuers
            state.parties = state.parties.filter { id, party in
                issuers.contains { $0.id == id && $0.certificate.der == party.certificate?.der }
            }
        }
    }

    /// The issuer with its key; keep a root's no longer than it is needed.
    ///
    /// - Throws: ``EnrollmentError`` when it does not sign here, or its key cannot be opened.
    func party(_ id: String) async throws(EnrollmentError) -> SigningParty {
        if let party = self.state.withLock({ $0.parties[id] }) { return party }
        guard let issuer = self.issuer(id) else {
            throw EnrollmentError(.internalService, "Issuer \(id) does not sign here.", rule: "issuer.unknown")
        }
        let record = issuer.record
        let party = try await self.bench.open(record, from: self.keys)
        if record.role == .issuing { self.state.withLock { $0.parties[id] = party } }
        return party
    }

    /// Whether an issuer's key is here and may still sign about what it issued.
    ///
    /// A compromised one still does: its CRL is how the world learns of it.
    private func speaks(_ record: IssuerRecord) -> Bool {
        switch record.state {
        case .published, .active, .draining, .crlOnly, .compromised: self.keys.isAtHand(record)
        case .prepared, .retired, .aborted: false
        }
    }
}
