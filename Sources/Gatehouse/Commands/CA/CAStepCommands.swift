import ArgumentParser
import EnrollmentCore

extension CACommand {
    struct Publish: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish a prepared issuer: devices get its certificate before they need it.",
            discussion: """
                Its certificate is served, given to every device that enrolls or renews, and told to the management
                server. For a root, both link certificates are made. Adoption is counted from then on.

                  gatehouse ca publish 2026-B
                  gatehouse ca publish 2026-B --commit --plan P-7F3K-22QM
                  gatehouse ca publish R2 --reason "roots change every ten years" --json

                Exit codes: 0 done, rehearsed or done before, 3 no such issuer, 4 its state does not allow it, or the
                facts are not those of the plan.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The issuer or root, with its whole id.")
        var issuer: String
        @OptionGroup var routine: RoutineOptions
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try await StepRun(
                common: self.common,
                step: self.step,
                mandate: try self.routine.mandate(),
                verb: .publish,
                issuer: self.issuer,
                words: self.routine.shellWords
            ).perform()
        }
    }

    struct Activate: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a published issuer sign from now on; its predecessor drains.",
            discussion: """
                Every replica follows within two seconds; no request is refused. A root is only activated when enough
                live devices are known to trust it (rotation.adoptionThreshold), unless --despite-adoption says why not.

                  gatehouse ca activate 2026-B
                  gatehouse ca activate 2026-B --commit --plan P-7F3K-22QM
                  gatehouse ca activate R2 --despite-adoption "the remaining devices are spares"

                Exit codes: 0 done, rehearsed or done before, 3 no such issuer, 4 its state or adoption does not allow
                it, or the facts are not those of the plan.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The issuer or root, with its whole id.")
        var issuer: String
        @Option(help: "Why a root is activated that too few devices are known to trust; kept with the record.")
        var despiteAdoption: String?
        @OptionGroup var routine: RoutineOptions
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            if let reason = self.despiteAdoption, reason.allSatisfy(\.isWhitespace) || reason.count > 500 {
                throw .usage("--despite-adoption takes 1 to 500 characters that say why", see: "ca activate")
            }
            return try await StepRun(
                common: self.common,
                step: self.step,
                mandate: try self.routine.mandate(),
                verb: .activate,
                issuer: self.issuer,
                override: self.despiteAdoption,
                words: (self.despiteAdoption.map { ["--despite-adoption", $0] } ?? []) + self.routine.shellWords
            ).perform()
        }
    }

    struct Retire: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Retire an issuer on which nothing hangs any more: its key is destroyed.",
            discussion: """
                Its last CRLs are made first, valid to the end of its certificate, which is kept for look-ups. As long as
                a live certificate hangs on it, the refusal names the first ten.

                  gatehouse ca retire 2025-A
                  gatehouse ca retire 2025-A --commit --plan P-7F3K-22QM
                  gatehouse ca retire 2025-A --ticket CHG0012345 --json

                Exit codes: 0 done, rehearsed or done before, 3 no such issuer, 4 something hangs on it, or the facts are
                not those of the plan.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The issuer or root, with its whole id.")
        var issuer: String
        @OptionGroup var routine: RoutineOptions
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try await StepRun(
                common: self.common,
                step: self.step,
                mandate: try self.routine.mandate(),
                verb: .retire,
                issuer: self.issuer,
                words: self.routine.shellWords
            ).perform()
        }
    }

    struct Abort: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back an issuer that was prepared or published and has signed nothing yet.",
            discussion: """
                Its key is destroyed and its certificate revoked; who was told of it hears that it is gone. Its id is not
                used again.

                  gatehouse ca abort 2026-B
                  gatehouse ca abort 2026-B --commit --plan P-7F3K-22QM
                  gatehouse ca abort R2 --reason "wrong algorithm" --json

                Exit codes: 0 done, rehearsed or done before, 3 no such issuer, 4 it signs or has signed already, or the
                facts are not those of the plan.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The issuer or root, with its whole id.")
        var issuer: String
        @OptionGroup var routine: RoutineOptions
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try await StepRun(
                common: self.common,
                step: self.step,
                mandate: try self.routine.mandate(),
                verb: .abort,
                issuer: self.issuer,
                words: self.routine.shellWords
            ).perform()
        }
    }
}
