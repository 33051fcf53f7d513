import ArgumentParser
import EnrollmentCore
import Ledger

extension HandOffCommand {
    struct Replay: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events to a destination once more: by id, device, kind or time, or those given up.",
            discussion: """
                One event is sent again at once. More than one is only rehearsed unless --commit is given. Receivers know
                an event that comes again by its id. Events that the destination has not been told of yet come anyway and
                are not counted; what it does not take (providers, events) is left out.

                  gatehouse handoff replay fleet-eu --device 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1 --reason "was restored"
                  gatehouse handoff replay fleet-eu --dead --reason "certificate renewed" --commit
                  gatehouse handoff replay fleet-eu --from 2026-11-19 --until 2026-11-20 --reason "lost a day" --commit

                Exit codes: 0 done or rehearsed, 3 no such destination or no such event.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The destination, as the configuration names it.")
        var destination: String
        @OptionGroup var events: EventOptions
        @Flag(help: "Those that were given up.")
        var dead = false
        @Flag(help: "Everything that is kept.")
        var all = false
        @OptionGroup var order: OrderOptions
        @Flag(help: "Do it, instead of rehearsing.")
        var commit = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let now = SystemClock().now
            let selection = try self.events.selection(at: now, for: "handoff replay")
            guard [self.dead, self.all, !self.events.isEmpty].count(where: { $0 }) == 1 else {
                throw .usage(
                    "say which events: --id, --device, --kind, --from, --until, or --dead, or --all",
                    see: "handoff replay"
                )
            }
            let mandate = try self.order.mandate()
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let standing = try await DestinationTarget.find(self.destination, in: ledger)
                let filter = DestinationFilter(of: standing.name, in: configuration)
                let plan = try await answer { () throws(EnrollmentError) in
                    self.dead
                        ? try await ReplayPlan(givenUpBy: standing, taking: filter, in: ledger)
                        : try await ReplayPlan(selection, to: standing, taking: filter, in: ledger)
                }
                let screen = ReplayScreen(
                    destination: standing.name,
                    plan: plan,
                    mandate: mandate,
                    isDead: self.dead,
                    isAll: self.all,
                    config: self.common.config
                )
                guard plan.tally.events > 0 else { throw screen.nothing }
                guard self.commit || plan.tally.events == 1 else { return screen.rehearsal }
                let done = try await answer { () throws(EnrollmentError) in
                    try await plan.carryOut(mandate, in: ledger, at: now)
                }
                return screen.done(done.count, done.acts)
            }
        }
    }
}
