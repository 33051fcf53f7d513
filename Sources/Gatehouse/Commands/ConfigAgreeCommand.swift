import ArgumentParser
import EnrollmentCore
import Ledger

extension ConfigCommand {
    struct Agree: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make this configuration the one that all replicas have to have in common.",
            discussion: """
                Replicas on one PostgreSQL store answer the same devices, so that what devices are told has to be the same
                everywhere: addresses, limits, profiles, times. Those settings are kept in the store; a replica whose
                configuration says otherwise does not start. This command replaces them by what the configuration here
                says: give every replica the new file, run this once, then reload or restart them one by one.

                Rehearses unless --commit is given, and prints the id of a plan; with --plan it is refused when anything
                has changed since.

                  gatehouse config agree
                  gatehouse config agree --commit --plan P-7F3K-22QM --reason "limit lowered to 5"

                Exit codes: 0 done, rehearsed, or nothing to do, 2 wrong configuration, 4 refused by a rule, 5 the store is
                unavailable.
                """
        )

        @OptionGroup var common: CommonOptions
        @Flag(help: "Do it, instead of rehearsing.")
        var commit = false
        @Option(help: "Only if the facts are still those of the rehearsal that gave this id.")
        var plan: String?
        @Option(help: "Why, in your words; kept with the record of the act. Needed with --commit.")
        var reason: String?
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            guard self.plan == nil || self.commit else {
                throw .usage("--plan belongs to --commit", see: "config agree")
            }
            guard !self.commit || self.reason != nil else {
                throw .usage("--commit needs a --reason, which is kept", see: "config agree")
            }
            let configuration = try self.common.configuration()
            guard configuration.store.isShared else {
                return CommandOutput(
                    text: "\(configuration.store.name) has one process alone, which needs nobody to agree with."
                        + " Nothing to do.\n",
                    json: AgreementScreen.nothing
                )
            }
            let wish = Agreement(configuration, try ProfileFolder.load(configuration))
            guard self.commit else {
                return try await self.common.withLedger { (ledger, configuration) throws(EnrollmentError) in
                    let screen = try AgreementScreen(
                        wish,
                        former: try await ledger.agreement(),
                        config: self.common.config
                    )
                    return screen.rehearsal(note: Self.keep(screen, of: configuration))
                }
            }
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                try await self.carryOut(wish, in: ledger, configuration)
            }
        }

        private func carryOut(
            _ wish: Agreement,
            in ledger: any LedgerStore,
            _ configuration: Configuration
        ) async throws(CommandProblem) -> CommandOutput {
            let mandate = try self.mandate()
            let former = try await answer { () throws(EnrollmentError) in try await ledger.agreement() }
            let screen = try await answer { () throws(EnrollmentError) in
                try AgreementScreen(wish, former: former, config: self.common.config)
            }
            if let named = self.plan.map(PlanID.normalized), named != screen.plan {
                _ = Self.keep(screen, of: configuration)
                throw PlanDifference(
                    former: PlanFolder(of: configuration).facts(of: named),
                    facts: screen.facts,
                    id: screen.plan,
                    summary: "\(Numerals.count(screen.changes.count, "setting")) to change",
                    command: screen.command(committing: false)
                ).problem("GH-AGREE-002", named)
            }
            guard !screen.changes.isEmpty else { return screen.rehearsal(note: nil) }
            let act = try await answer { () throws(EnrollmentError) in
                let act = try mandate.act(.agree, at: SystemClock().now)
                try await ledger.changeAgreement(to: wish.settings, from: former, act: act)
                return act
            }
            return screen.done(act.traceID)
        }

        private func mandate() throws(CommandProblem) -> Mandate {
            try OrderOptions.mandate(reason: self.reason ?? "", ticket: self.ticket)
        }

        /// Keeps the facts for a later comparison.
        ///
        /// - Returns: A sentence when that did not work; the plan's id is good all the same.
        private static func keep(_ screen: AgreementScreen, of configuration: Configuration) -> String? {
            do throws(FileError) {
                try PlanFolder(of: configuration).keep(screen.plan, facts: screen.facts)
                return nil
            } catch {
                return "its facts could not be kept for a comparison: \(error)"
            }
        }
    }
}
