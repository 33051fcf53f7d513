import ArgumentParser
import Authority
import EnrollmentCore
import Ledger

extension CACommand {
    struct Links: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the link certificates between a new root and the active one; ask offline roots for theirs.",
            discussion: """
                A root is published with two links: its key certified by the active root, and the active root's key by it.
                Publication makes what is missing, where the keys are here. What an offline root has to sign is asked for
                by --offline: one file for each root, for gatehouse ceremony sign and gatehouse ca import.

                  gatehouse ca links R2
                  gatehouse ca links R2 --offline requests --reason "roots change every ten years"

                Exit codes: 0 shown or asked for, 4 no link leads there, or one of the roots is gone.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The new root, with its whole id.")
        var root: String
        @Option(help: "Write what offline roots have to sign into this folder.")
        var offline: String?
        @OptionGroup var routine: RoutineOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let mandate = try self.routine.mandate()
            guard let folder = self.offline else {
                guard self.routine.isEmpty else {
                    throw .usage("--reason and --ticket go with --offline", see: "ca links")
                }
                return try await self.common.withReadableLedger { (ledger, configuration) throws(CommandProblem) in
                    try await self.screen(ledger, configuration).output
                }
            }
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let desk = CeremonyDesk(ledger: ledger, configuration: configuration)
                let asked = try await desk.askForLinks(to: self.root, into: folder, mandate)
                var screen = try await self.screen(ledger, configuration)
                screen.asked = asked.map { ($0.asked.request, $0.file, $0.act.traceID) }
                return screen.output
            }
        }

        private func screen(
            _ ledger: any LedgerStore,
            _ configuration: Configuration
        ) async throws(CommandProblem) -> LinkScreen {
            let links = try await CeremonyDesk.refusing { () throws(EnrollmentError) in
                try await CeremonyService.links(to: self.root, in: ledger)
            }
            return LinkScreen(root: self.root, links: links, config: self.common.config)
        }
    }
}
