import ArgumentParser
import EnrollmentCore
import Ledger

extension HandOffCommand {
    struct Status: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how far each destination has been told, and what is in the way.",
            discussion: """
                  gatehouse handoff status
                  gatehouse handoff status --exit-code
                  gatehouse handoff status --json

                Exit codes: 0 shown, 1 with --exit-code when somebody has to do something.
                """
        )

        @OptionGroup var common: CommonOptions
        @Flag(help: "Exit with 1 when a destination is stopped or fails, or events were given up.")
        var exitCode = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let status = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                try await HandOffStatus(of: ledger)
            }
            let screen = HandOffStatusScreen(status: status, config: self.common.config)
            return CommandOutput(
                text: screen.text,
                json: screen.json,
                exit: self.exitCode && status.needsSomebody ? .failed : .done
            )
        }
    }
}

/// What there is to say of every destination at one moment.
struct HandOffStatus: Sendable {
    struct Destination: Sendable {
        let standing: DestinationStanding
        let waiting: Int
        let dead: Int

        var needsSomebody: Bool {
            self.standing.state == .stopped || self.standing.failingSince != nil || self.dead > 0
        }
    }

    private let extent: FeedExtent
    let destinations: [Destination]
    let now: Timestamp

    init(of ledger: any LedgerStore) async throws(EnrollmentError) {
        self.extent = try await ledger.feedExtent()
        self.now = SystemClock().now
        var destinations: [Destination] = []
        for standing in try await ledger.destinations().sorted(by: { $0.name < $1.name }) {
            let counts = try await ledger.deliveryCounts(to: standing.name)
            destinations.append(Destination(standing: standing, waiting: counts.waiting, dead: counts.dead))
        }
        self.destinations = destinations
    }

    /// The positions of which nothing was removed; `nil` when there are none.
    var feed: ClosedRange<Int64>? { self.extent.kept }

    var needsSomebody: Bool { self.destinations.contains(where: \.needsSomebody) }

    /// Events of the feed that the destination has not been told of yet.
    func behind(_ destination: Destination) -> Int64 {
        max(0, self.extent.last - max(destination.standing.cursor, self.extent.pruned))
    }
}
