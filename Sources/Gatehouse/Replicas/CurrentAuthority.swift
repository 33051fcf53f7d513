import Authority
import EnrollmentCore
import Synchronization

/// The authority that signs new certificates; another takes its place when the store says so.
///
/// A certificate that was prepared for the former one is still signed by it: nobody's enrollment fails because keys were
/// changed meanwhile.
final class CurrentAuthority: CertificateAuthority {
    private struct State {
        var present: LocalAuthority
        var former: LocalAuthority?
    }

    private let state: Mutex<State>

    init(_ authority: LocalAuthority) {
        self.state = Mutex(State(present: authority))
    }

    var activeIssuer: ActiveIssuer { self.state.withLock { $0.present.activeIssuer } }

    func replace(with authority: LocalAuthority) {
        self.state.withLock { $0 = State(present: authority, former: $0.present) }
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
