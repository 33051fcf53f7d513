import ArgumentParser
import EnrollmentCore
import Ledger
import ServiceRuntime

extension CACommand {
    struct Compromise: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop an issuer whose key is not its owner's alone any more, and revoke everything it signed.",
            discussion: """
                At once: the issuer signs nothing any more, a successor is prepared, published and signs in its place,
                and the root revokes its certificate. Then every certificate that it signed is revoked, in waves: each
                device's event tells the management server, which has the device enroll again.

                Where a successor cannot be made now, since a root that is offline or split has to certify it, nothing is
                done, and the next commands are named. --freeze stops the issuer all the same: nothing is signed then, and
                devices are told to come again, until a successor is active.

                Ctrl-C finishes the transaction in hand and prints the command that goes on; running it again goes on
                where it was.

                  gatehouse ca compromise 2026-A --reason "key was copied"
                  gatehouse ca compromise 2026-A --reason "key was copied" --rate 600 --commit --plan P-7F3K-22QM
                  gatehouse ca compromise 2026-A --reason "key was copied" --freeze
                  gatehouse ca compromise 2026-A --reason "key was copied" --ticket INC0048812 --json

                Exit codes: 0 done, rehearsed or done before, 1 stopped on the way, 3 no such issuer, 4 its state does
                not allow it, or the facts are not those of the plan.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The issuer or root, with its whole id.")
        var issuer: String
        @OptionGroup var order: OrderOptions
        @Option(help: "At most so many devices a minute, 1 or more. Default: as many as the store takes.")
        var rate: Int?
        @Flag(help: "Stop it even if nobody can take its place: nothing is signed until somebody does.")
        var freeze = false
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try self.step.judge("ca compromise")
            if let rate = self.rate, !(1...1_000_000).contains(rate) {
                throw .usage("--rate takes 1 to 1,000,000 devices a minute", see: "ca compromise")
            }
            let mandate = try self.order.mandate()
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let desk = try await RotationDesk.open(ledger, configuration, shares: self.step.shareFile)
                let run = CompromiseRun(
                    desk: desk,
                    mandate: mandate,
                    perMinute: self.rate,
                    gate: PlanGate(step: self.step, folder: PlanFolder(of: configuration)),
                    isFreezing: self.freeze,
                    config: self.common.config
                )
                return try await run.perform(self.issuer)
            }
        }
    }
}
