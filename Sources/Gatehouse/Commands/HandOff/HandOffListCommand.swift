import ArgumentParser
import EnrollmentCore
import Ledger

extension HandOffCommand {
    struct List: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List events, those that wait or were given up, or devices that enrolled and stay silent.",
            discussion: """
                  gatehouse handoff list --device 6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1
                  gatehouse handoff list --kind reset --from 3d
                  gatehouse handoff list --dead --destination fleet-eu
                  gatehouse handoff list --silent --minutes 60

                Events come newest first, deliveries in the order of the feed, silent devices the longest silent first.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var events: EventOptions
        @Flag(help: "Deliveries that were given up; replay sends them again.")
        var dead = false
        @Flag(help: "Deliveries that are still tried.")
        var waiting = false
        @Flag(help: "Devices that enrolled and were not seen since.")
        var silent = false
        @Option(help: "The destination of --dead and --waiting; not needed where there is only one.")
        var destination: String?
        @Option(help: "With --silent: enrolled at least so many minutes ago. Default: handOff.silentAfterMinutes.")
        var minutes: Int?
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let now = SystemClock().now
            let size = try self.page.size()
            let selection = try self.events.selection(at: now, for: "handoff list")
            switch (self.dead, self.waiting, self.silent) {
            case (false, false, false):
                guard self.destination == nil else {
                    throw .usage("--destination belongs to --dead or --waiting", see: "handoff list")
                }
                let page = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                    try await ledger.events(selection, after: self.page.after, limit: size)
                }
                return EventListScreen.output(page)
            case (_, false, false), (false, _, false):
                try self.refuseSelection()
                return try await self.deliveries(in: self.dead ? .dead : .waiting, size)
            case (false, false, true):
                try self.refuseSelection()
                if let minutes = self.minutes, !(1...525_600).contains(minutes) {
                    throw .usage("--minutes takes 1 to 525600", see: "handoff list")
                }
                let page = try await self.common.withLedger { (ledger, configuration) throws(EnrollmentError) in
                    let minutes = self.minutes ?? configuration.handOff.silentAfterMinutes
                    return try await ledger.silentDevices(
                        issuedBefore: now.adding(seconds: -Int64(minutes) * 60),
                        after: self.page.after,
                        limit: size
                    )
                }
                return SilentListScreen.output(page, at: now)
            default:
                throw .usage("--dead, --waiting and --silent are different lists", see: "handoff list")
            }
        }

        private func refuseSelection() throws(CommandProblem) {
            guard self.events.isEmpty else {
                throw .usage("--id, --device, --kind, --from and --until choose among all events", see: "handoff list")
            }
        }

        private func deliveries(
            in state: Delivery.State,
            _ size: Int
        ) async throws(CommandProblem) -> CommandOutput {
            try await self.common.withReadableLedger { (ledger, _) throws(CommandProblem) in
                let name = try await DestinationTarget.only(self.destination, in: ledger, for: "handoff list")
                let found = try await answer { () throws(EnrollmentError) in
                    let page = try await ledger.deliveries(to: name, in: state, after: self.page.after, limit: size)
                    let events = try await ledger.events(at: page.elements.map(\.position))
                    return (page: page, events: events)
                }
                return DeliveryListScreen(destination: name, page: found.page, events: found.events).output
            }
        }
    }
}
