import Authority
import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime

/// What makes this process one of several on the same store; nothing of it where the store is a file, which has one.
struct ReplicaSetup: Sendable {
    let bells = ChangeBells()
    /// `nil` where no other replica is.
    let agreement: AgreementWatch?
    private let roster: DutyRoster?
    private let mine: Agreement
    private let ledger: any LedgerStore

    init(
        _ configuration: Configuration,
        profiles: ProfileFolder,
        in ledger: any LedgerStore,
        clock: any WallClock,
        logger: Logger
    ) throws(CommandProblem) {
        self.mine = Agreement(configuration, profiles)
        self.ledger = ledger
        guard configuration.store.isShared else {
            self.agreement = nil
            self.roster = nil
            return
        }
        let holder = "\(CommandActor.name), node \(configuration.node), \(try RevocationSetup.holder("serve"))"
        self.agreement = AgreementWatch(self.mine, in: ledger, bell: self.bells.agreement, clock: clock, logger: logger)
        self.roster = DutyRoster(ledger: ledger, holder: holder, clock: clock, logger: logger)
    }

    /// Joins the others, if their settings are ours, and takes the duties that nobody has.
    func join(file: String) async throws(CommandProblem) {
        try await self.agreement?.admit(self.mine, file: file)
        await self.roster?.refresh()
    }

    /// Whether a duty is this process's at this moment.
    func holds(_ duty: Duty) -> Bool { self.roster?.holds(duty) ?? true }

    var standing: StoreStanding { self.ledger.standing }

    /// Up to which moment the store shows what happened; `nil` for the present.
    @Sendable func asOf() -> Timestamp? { nil }

    /// How often what is served is compared with the store.
    var pace: Duration { self.roster == nil ? .milliseconds(500) : .seconds(1) }

    var cooperation: RevocationService.Cooperation {
        RevocationService.Cooperation(
            publishes: { self.holds(.publication) },
            renews: { self.holds(.certificates) },
            followEvery: self.roster == nil ? .milliseconds(250) : .seconds(1),
            bell: self.bells.revocation
        )
    }

    var services: [any Service] {
        [self.agreement as (any Service)?, self.roster].compactMap { $0 }
    }
}
