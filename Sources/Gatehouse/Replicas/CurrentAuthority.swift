import Authority
import EnrollmentCore
import Synchronization

/// The authority that signs new certificates; another takes its place when the store says so.
///
/// A certificate that was recorded for the former one is still signed by it: nobody's enrollment fails because keys were
/// changed meanwhile.
final class CurrentAuthority: CertificateAuthority {
    private struct State {
        var issuers: [IssuerRecord]
        var present: LocalAuthority
        var former: LocalAuthority?
    }

    private let ledger: any AuthorityLedger
    private let keys: any IssuerKeySource
    private let state: Mutex<State>
    /// Held while keys are opened, which takes longer than anybody should wait for ``state``.
    private let opening = Mutex(())

    /// - Parameters:
    ///   - issuers: As the store has them now.
    ///   - ledger: Where they are looked up again.
    ///   - keys: Opens their keys.
    /// - Throws: ``EnrollmentError`` when there is no active issuer, or its key cannot be used.
    init(
        _ issuers: [IssuerRecord],
        from ledger: any AuthorityLedger,
        keys: any IssuerKeySource
    ) throws(EnrollmentError) {
        self.ledger = ledger
        self.keys = keys
        self.state = Mutex(State(issuers: issuers, present: try LocalAuthority(records: issuers, keys: keys)))
    }

    var activeIssuer: ActiveIssuer { self.state.withLock { $0.present.activeIssuer } }

    func refresh() async throws(EnrollmentError) {
        try self.take(try await self.ledger.issuers())
    }

    /// Signs by these from now on.
    ///
    /// - Throws: ``EnrollmentError`` when the key of the active one cannot be used; everything stays as it was then.
    func take(_ issuers: [IssuerRecord]) throws(EnrollmentError) {
        try self.opening.withLock { _ throws(EnrollmentError) in
            guard self.state.withLock({ $0.issuers }) != issuers else { return }
            let authority = try LocalAuthority(records: issuers, keys: self.keys)
            self.state.withLock { state in
                let isOther = state.present.activeIssuer.id != authority.activeIssuer.id
                state = State(issuers: issuers, present: authority, former: isOther ? state.present : state.former)
            }
        }
    }

    func prepare(_ draft: CertificateDraft) async throws(EnrollmentError) -> PreparedCertificate {
        try await self.authority(for: draft.issuerID).prepare(draft)
    }

    func sign(_ ticket: consuming IssuanceTicket) async throws(EnrollmentError) -> IssuedCertificate {
        let authority = self.authority(for: ticket.prepared.draft.issuerID)
        return try await authority.sign(ticket)
    }

    /// The present one refuses what neither knows.
    private func authority(for issuerID: String) -> LocalAuthority {
        self.state.withLock { state in
            guard state.present.activeIssuer.id != issuerID, let former = state.former,
                former.activeIssuer.id == issuerID
            else { return state.present }
            return former
        }
    }
}
