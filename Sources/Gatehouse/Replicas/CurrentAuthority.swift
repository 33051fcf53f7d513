import Authority
import EnrollmentCore
import ServiceRuntime
import Synchronization

/// The authority that signs new certificates; another takes its place when the store says so.
///
/// A certificate that was recorded for the former one is still signed by it: nobody's enrollment fails because keys were
/// changed meanwhile.
final class CurrentAuthority: CertificateAuthority {
    private struct State {
        var issuers: [IssuerRecord]
        /// `nil` while nobody signs: the last one was stopped, and its successor is not there yet.
        var present: LocalAuthority?
        var former: LocalAuthority?
    }

    private let ledger: any AuthorityLedger
    private let keys: any IssuerKeySource
    private let state: Mutex<State>
    private let bench = AuthorityBench()

    /// - Parameters:
    ///   - issuers: As the store has them now.
    ///   - ledger: Where they are looked up again.
    ///   - keys: Opens their keys.
    /// - Throws: ``EnrollmentError`` when there never was an active issuer, or its key cannot be used.
    init(
        _ issuers: [IssuerRecord],
        from ledger: any AuthorityLedger,
        keys: any IssuerKeySource
    ) throws(EnrollmentError) {
        self.ledger = ledger
        self.keys = keys
        self.state = Mutex(State(issuers: issuers, present: try Self.authority(of: issuers, keys)))
    }

    /// What is published goes on being served by a service that is started while nobody signs.
    private static func authority(
        of issuers: [IssuerRecord],
        _ keys: any IssuerKeySource
    ) throws(EnrollmentError) -> LocalAuthority? {
        let states = issuers.filter { $0.role == .issuing }.map(\.state)
        guard states.contains(.active) || !states.contains(.compromised) else { return nil }
        return try LocalAuthority(records: issuers, keys: keys)
    }

    var activeIssuer: ActiveIssuer {
        get throws(EnrollmentError) {
            guard let present = self.state.withLock({ $0.present }) else { throw Self.frozen }
            return present.activeIssuer
        }
    }

    /// For a log.
    var signer: String { self.state.withLock { $0.present?.activeIssuer.id } ?? "nobody" }

    private static var frozen: EnrollmentError {
        EnrollmentError(
            .inMaintenance,
            "Nobody signs: the key of the last issuer was copied, and no other one is active yet. Let the device come again;"
                + " gatehouse ca status says what is to be done.",
            rule: "issuer.frozen"
        )
    }

    func refresh() async throws(EnrollmentError) {
        try await self.take(try await self.ledger.issuers())
    }

    /// Signs by these from now on.
    ///
    /// - Throws: ``EnrollmentError`` when the key of the active one cannot be used; everything stays as it was then.
    func take(_ issuers: [IssuerRecord]) async throws(EnrollmentError) {
        guard self.state.withLock({ $0.issuers }) != issuers else { return }
        try await self.bench.change { () throws(EnrollmentError) in
            // Whoever was before at the bench may have taken the same.
            guard self.state.withLock({ $0.issuers }) != issuers else { return }
            let authority = try Self.authority(of: issuers, self.keys)
            self.state.withLock { state in
                let isOther = state.present?.activeIssuer.id != authority?.activeIssuer.id
                let former = isOther ? state.present ?? state.former : state.former
                state = State(issuers: issuers, present: authority, former: former)
            }
        }
    }

    func prepare(_ draft: CertificateDraft) async throws(EnrollmentError) -> PreparedCertificate {
        try await self.authority(for: draft.issuerID).prepare(draft)
    }

    func sign(_ ticket: consuming IssuanceTicket) async throws(EnrollmentError) -> IssuedCertificate {
        let authority = try self.authority(for: ticket.prepared.draft.issuerID)
        return try await authority.sign(ticket)
    }

    /// The present one refuses what neither knows.
    private func authority(for issuerID: String) throws(EnrollmentError) -> LocalAuthority {
        let (present, former) = self.state.withLock { ($0.present, $0.former) }
        if present?.activeIssuer.id != issuerID, let former, former.activeIssuer.id == issuerID { return former }
        guard let present else { throw Self.frozen }
        return present
    }
}

/// Where one authority after the other is made, off the cooperative pool: a token may take seconds to show a key, and who
/// enrolls meanwhile must not wait for ``CurrentAuthority``'s state.
private actor AuthorityBench {
    private let executor = BlockingExecutor(label: "gatehouse.authority")

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    func change(_ body: @Sendable () throws(EnrollmentError) -> Void) throws(EnrollmentError) {
        try body()
    }
}
