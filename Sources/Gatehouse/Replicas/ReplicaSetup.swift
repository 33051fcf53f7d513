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

    var figures: StoreFigures { self.ledger.figures }

    /// Up to which moment the store shows what happened; `nil` for the present.
    ///
    /// A standby shows what it has repeated; how far the server it follows has gone since, it cannot know for certain.
    /// Writing replicas commit every few seconds, so that the moment of the latest commit is not much behind while all
    /// is well.
    @Sendable func asOf() -> Timestamp? {
        self.ledger.figures.replayed.map { Timestamp(microseconds: $0) }
    }

    /// How often what is served is compared with the store.
    ///
    /// Where others write, the store says at least once a second that it is time to look.
    var pace: Duration { self.roster == nil ? .milliseconds(500) : .seconds(2) }

    var cooperation: RevocationService.Cooperation {
        RevocationService.Cooperation(
            publishes: { self.holds(.publication) },
            renews: { self.holds(.certificates) },
            followEvery: self.roster == nil ? .milliseconds(250) : .seconds(2),
            bell: self.bells.revocation
        )
    }

    var services: [any Service] {
        guard let agreement = self.agreement, let roster = self.roster else { return [] }
        return [agreement, roster, ChangeRelay(ledger: self.ledger, bells: self.bells)]
    }
}
