import ArgumentParser
import EnrollmentCore
import Ledger
import ServiceRuntime

extension CertificateCommand {
    struct Revoke: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke certificates: one at once, several after a rehearsal.",
            discussion: """
                One device certificate is revoked at once. More than one, or one of the service's or the authority's
                own, is only rehearsed unless --commit is given: the real transactions, taken back at the end. More
                than 100 need --plan with the id that the rehearsal gave; what has changed since is told and refused.

                  gatehouse cert revoke --serial 013f7a22c0de… --reason "laptop stolen"
                  gatehouse cert revoke --key leaked.pem --revocation-reason keyCompromise --reason "key on a forum"
                  gatehouse cert revoke --issuer 2026-A --reason "test fleet closed" --commit --plan P-7F3K-22QM

                --key also blocks the key for ever, whether or not a certificate has it. Ctrl-C finishes the
                transaction in hand and prints the command that continues. A certificate revoked before stays as it
                is, unless the new reason weighs more (keyCompromise, or anything in place of a hold).

                Exit codes: 0 done, rehearsed or done before, 1 stopped on the way, 3 something was unknown,
                4 refused by a rule.
                """
        )

        /// From how many certificates on a plan has to be named.
        private static let mostWithoutPlan = 100

        @OptionGroup var common: CommonOptions
        @OptionGroup var selection: SelectionOptions
        @OptionGroup var order: OrderOptions
        @Option(
            help: "Why, for those who verify; the standard's names (RFC 5280) but certificateHold: see device hold."
        )
        var revocationReason = RevocationReason.unspecified
        @Flag(help: "Do it, instead of rehearsing.")
        var commit = false
        @Option(help: "Only if the facts are still those of the rehearsal that gave this id.")
        var plan: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            try self.selection.judge()
            guard self.plan == nil || self.commit else {
                throw .usage("--plan belongs to --commit", see: "cert revoke")
            }
            guard self.revocationReason != .certificateHold else {
                throw CommandProblem(
                    "GH-USAGE-016",
                    "certificateHold suspends, and what is revoked here cannot be taken back",
                    [("try", "gatehouse device hold DEVICE --reason …, which device resume undoes")],
                    exit: .usage
                )
            }
            let terms = RevocationTerms(reason: self.revocationReason, mandate: try self.order.mandate())
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let wish = try await self.selection.wish(in: ledger)
                let plan = try await Self.plan(wish, terms, in: ledger)
                try self.refuseRoots(plan)
                let folder = PlanFolder(of: configuration)
                let screen = RevocationScreen(plan: plan, terms: terms, config: self.common.config)
                try self.judge(plan, wish, folder, screen)
                guard self.commit || (plan.count <= 1 && plan.own.isEmpty) else {
                    return screen.rehearsal(note: Self.keep(plan, in: folder))
                }
                return try await self.carryOut(plan, terms, in: ledger, folder, screen)
            }
        }

        private static func plan(
            _ wish: RevocationWish,
            _ terms: RevocationTerms,
            in ledger: any LedgerStore
        ) async throws(CommandProblem) -> RevocationPlan {
            try await answer { () throws(EnrollmentError) in
                try await RevocationPlan.make(wish, terms, in: ledger, at: SystemClock().now)
            }
        }

        /// Refuses what the rules of plans refuse, and numbers of which not one is known.
        private func judge(
            _ plan: RevocationPlan,
            _ wish: RevocationWish,
            _ folder: PlanFolder,
            _ screen: RevocationScreen
        ) throws(CommandProblem) {
            let outcome = plan.outcome
            if outcome.revoked.isEmpty, outcome.already.isEmpty, !outcome.unknown.isEmpty {
                throw .notFound(
                    "certificate",
                    outcome.unknown.prefix(10).map { "\($0)" }.joined(separator: ", "),
                    "gatehouse cert list"
                )
            }
            guard self.commit else { return }
            guard let named = self.plan.map(PlanID.normalized) else {
                guard plan.count <= Self.mostWithoutPlan else {
                    _ = Self.keep(plan, in: folder)
                    throw CommandProblem(
                        "GH-REVOKE-001",
                        "more than \(Self.mostWithoutPlan) certificates take the id of a plan that somebody has read",
                        [("certificates", Numerals.grouped(plan.count)), ("try", screen.command(committing: false))],
                        exit: .refused
                    )
                }
                return
            }
            guard named != plan.id else { return }
            _ = Self.keep(plan, in: folder)
            throw PlanDifference(
                former: folder.facts(of: named),
                facts: plan.facts,
                id: plan.id,
                summary: "\(Numerals.count(plan.count, "certificate")) to revoke",
                command: screen.command(committing: false)
            ).problem("GH-REVOKE-002", named)
        }

        /// A root's certificate is on no CRL: nobody would learn of it.
        private func refuseRoots(_ plan: RevocationPlan) throws(CommandProblem) {
            guard let root = plan.root else { return }
            throw CommandProblem(
                "GH-REVOKE-003",
                "\(root) is a root's own certificate, which no CRL can list",
                [("instead", "take the root out of the devices' trust, and revoke what is below it")],
                exit: .refused
            )
        }

        /// Keeps the plan's facts for a later comparison.
        ///
        /// - Returns: A sentence when that did not work; the plan's id is good all the same.
        private static func keep(_ plan: RevocationPlan, in folder: PlanFolder) -> String? {
            do throws(FileError) {
                try folder.keep(plan.id, facts: plan.facts)
                return nil
            } catch {
                return "its facts could not be kept for a comparison: \(error)"
            }
        }

        private func carryOut(
            _ plan: RevocationPlan,
            _ terms: RevocationTerms,
            in ledger: any LedgerStore,
            _ folder: PlanFolder,
            _ screen: RevocationScreen
        ) async throws(CommandProblem) -> CommandOutput {
            let shutdown = ShutdownSignal()
            let interrupt = Interrupt.onFirst { shutdown.raise() }
            let result = await MassRevocation(plan: plan, terms: terms, ledger: ledger).run(until: shutdown)
            interrupt.cancel()
            guard result.left > 0 || result.failure != nil else { return screen.done(result) }
            var rest = screen
            // What is left is a plan of its own. Where even that cannot be made, the store says why.
            if result.failure == nil {
                let left = try await Self.plan(plan.wish, terms, in: ledger)
                _ = Self.keep(left, in: folder)
                rest = RevocationScreen(plan: left, terms: terms, config: self.common.config)
            }
            return screen.stopped(result, continueBy: rest.command(committing: true))
        }
    }
}
