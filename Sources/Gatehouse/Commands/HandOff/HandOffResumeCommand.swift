import ArgumentParser
import EnrollmentCore
import Ledger

extension HandOffCommand {
    struct Resume: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send to a destination again that said it was gone (status 410).",
            discussion: """
                Goes on where it stopped: nothing is left out.

                  gatehouse handoff resume fleet-eu --reason "moved back"
                  gatehouse handoff resume fleet-eu --reason "moved back" --ticket INC0048812 --json

                Exit codes: 0 done, or not stopped, 3 no such destination.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The destination, as the configuration names it.")
        var destination: String
        @OptionGroup var order: OrderOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let mandate = try self.order.mandate()
            return try await self.common.withWritableLedger { (ledger, _) throws(CommandProblem) in
                let standing = try await DestinationTarget.find(self.destination, in: ledger)
                let act = try await answer { () throws(EnrollmentError) in
                    try mandate.act(.resumeDestination, at: SystemClock().now)
                }
                let isResumed = try await answer { () throws(EnrollmentError) in
                    try await ledger.resume(destination: standing.name, by: act)
                }
                return Self.output(standing, isResumed ? act : nil)
            }
        }

        private static func output(_ standing: DestinationStanding, _ act: AdministrativeAct?) -> CommandOutput {
            let text =
                if let act {
                    "Done. \(standing.name) is sent to again, from where it stopped\n\n"
                        + Labelled.line("trace", "\(act.traceID)") + "\n"
                } else {
                    "\(standing.name) is not stopped. Nothing to do.\n"
                }
            return CommandOutput(
                text: text,
                json: .object([
                    ("schema", .string("gatehouse.handoff-resume/1")),
                    ("outcome", .string(act == nil ? "already" : "done")),
                    ("destination", .string(standing.name)), ("act", act?.json ?? .null),
                ])
            )
        }
    }
}
