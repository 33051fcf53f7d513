import ArgumentParser
import EnrollmentCore
import Ledger

extension CACommand {
    struct Status: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Show every root and issuer at a glance: state, certificates, adoption, CRLs, ends, what is next.",
            discussion: """
                  gatehouse ca status
                  gatehouse ca status --exit-code
                  gatehouse ca status --all --json

                Exit codes: 0 shown, 1 with --exit-code when somebody has to do something.
                """
        )

        @OptionGroup var common: CommonOptions
        @Flag(help: "Also issuers whose life is over: retired or taken back.")
        var all = false
        @Flag(help: "Exit with 1 when somebody has to do something.")
        var exitCode = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let status = try await self.common.authorityStatus()
            let screen = CAStatusScreen(status: status, showsEnded: self.all, config: self.common.config)
            return CommandOutput(
                text: screen.text,
                json: screen.json,
                exit: self.exitCode && status.notes.contains(where: \.isTrouble) ? .failed : .done
            )
        }
    }

    struct Plan: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every step ahead, and when adoption and draining will be complete.",
            discussion: """
                Steps follow from the schedule (rotation in the configuration), from the ends of certificates, and from
                the pace at which devices renew.

                  gatehouse ca plan
                  gatehouse ca plan --config /etc/gatehouse/gatehouse.json5
                  gatehouse ca plan --json
                """
        )

        @OptionGroup var common: CommonOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let screen = CAPlanScreen(status: try await self.common.authorityStatus(), config: self.common.config)
            return CommandOutput(text: screen.text, json: screen.json)
        }
    }
}

extension CommonOptions {
    fileprivate func authorityStatus() async throws(CommandProblem) -> AuthorityStatus {
        try await self.withReadableLedger { (ledger, configuration) throws(CommandProblem) in
            let profiles = try ProfileFolder.load(configuration)
            return try await answer { () throws(EnrollmentError) in
                try await AuthorityStatus.read(from: ledger, configuration, profiles, at: SystemClock().now)
            }
        }
    }
}
