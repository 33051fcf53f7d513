public import ArgumentParser
public import EnrollmentCore
import Ledger

struct AttemptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attempt",
        abstract: "See what devices tried and why it was refused.",
        subcommands: [List.self, Show.self]
    )

    struct List: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List attempts, newest first.",
            discussion: """
                  gatehouse attempt list --outcome refused
                  gatehouse attempt list --user kim@corp.example
                  gatehouse attempt list --operation enrollment --limit 20 --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "Only these: open, succeeded, refused.")
        var outcome: Attempt.Outcome?
        @Option(help: "Only these: discovery, policy, enrollment, renewal.")
        var operation: Attempt.Operation?
        @Option(help: "Only by who claimed this name.")
        var user: String?
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let query = AttemptQuery(
                outcome: self.outcome,
                operation: self.operation,
                claimedName: self.user,
                after: self.page.after,
                limit: try self.page.size()
            )
            let page = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                try await ledger.attempts(query)
            }
            var table = Table("When", "Trace", "What", "Outcome", "Rule", "User", "Device", "From")
            for attempt in page.elements {
                table.append(
                    "\(attempt.started)",
                    "\(attempt.traceID)",
                    attempt.operation.rawValue,
                    attempt.outcome.rawValue,
                    attempt.rule,
                    attempt.claimedName,
                    attempt.deviceName ?? attempt.claimedDeviceID,
                    attempt.sourceAddress
                )
            }
            return CommandOutput(
                text: table.text + Listing.footer(page.next),
                json: Listing.json("gatehouse.attempt-list/1", "attempts", page.elements.map(\.json), next: page.next)
            )
        }
    }

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Explain one attempt of a device, or one act of a person.",
            discussion: """
                Takes the trace id as it was read out: case, dashes and the confusions O/0, I/1, L/1 are forgiven.
                Acts, such as a reset or a revocation, have trace ids of the same kind.

                  gatehouse attempt show K7Q4-9M2X-TC32
                  gatehouse attempt show k7q49m2xtc32 --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The trace id from the device, the log or a list.")
        var trace: String

        func perform() async throws(CommandProblem) -> CommandOutput {
            guard let traceID = TraceID(self.trace) else {
                throw CommandProblem(
                    "GH-USAGE-002",
                    "\(self.trace) is not a trace id: twelve letters and digits of which the last checks the others",
                    [("try", "have it read out again, or: gatehouse attempt list --outcome refused")],
                    exit: .usage
                )
            }
            let found = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                (attempt: try await ledger.attempt(traceID), act: try await ledger.act(traceID))
            }
            if let act = found.act {
                return CommandOutput(
                    text: ActReport.text(act),
                    json: .object([("schema", .string("gatehouse.act/1")), ("act", act.json)])
                )
            }
            guard let attempt = found.attempt else {
                throw .notFound("attempt", "\(traceID)", "gatehouse attempt list --outcome refused")
            }
            return CommandOutput(
                text: AttemptReport.text(attempt),
                json: .object([("schema", .string("gatehouse.attempt/1")), ("attempt", attempt.json)])
            )
        }
    }
}

extension Attempt.Outcome: ExpressibleByArgument {}
extension Attempt.Operation: ExpressibleByArgument {}
