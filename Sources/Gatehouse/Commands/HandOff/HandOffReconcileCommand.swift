import ArgumentParser
import EnrollmentCore
import Ledger
import Logging

extension HandOffCommand {
    struct Reconcile: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare directory, ledger and a management server's own list of devices.",
            discussion: """
                The list is JSON lines, an object each with any of: sha256 (of the certificate), device (our id), deviceId
                (the client's), user (principal name), lastSeen (RFC 3339, or seconds since 1970). Other members are
                ignored. Each finding comes with what mends it. Nothing is changed unless --commit is given: then what
                the server lacks is sent to it once more: a device's latest enrollment and its renewals since. Devices of
                providers that the destination is not told of are not missed.

                  gatehouse handoff reconcile --file export.jsonl
                  mdm-export | gatehouse handoff reconcile --file - --exit-code
                  gatehouse handoff reconcile --url https://mdm.corp.example/devices.jsonl --token-file token.txt
                  gatehouse handoff reconcile --file export.jsonl --commit --reason "restored from backup"

                Exit codes: 0 compared, 1 with --exit-code when there is a finding, 5 the list is not given, or the
                directory cannot be asked (--skip-directory).
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var source: ExportSource
        @Option(help: "Whose list it is, and who gets what is missing; not needed where there is only one destination.")
        var destination: String?
        @Option(help: "Devices that enrolled so many minutes ago or less are not missed yet.")
        var grace = 15
        @Option(help: "A device that nobody saw for so many days is silent.")
        var silentDays = 30
        @Flag(help: "Do not ask the directory for the owners.")
        var skipDirectory = false
        @Option(help: "Findings named for each kind, at most.")
        var limit = 1_000
        @Flag(help: "Exit with 1 when there is a finding.")
        var exitCode = false
        @Flag(help: "Send what the server lacks once more, instead of saying what would be sent.")
        var commit = false
        @Option(help: "With --commit: why, in your words.")
        var reason: String?
        @Option(help: "With --commit: number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let command = "handoff reconcile"
            guard (0...100_000).contains(self.grace), (1...3_650).contains(self.silentDays),
                (0...10_000).contains(self.limit)
            else { throw .usage("--grace, --silent-days or --limit is out of range", see: command) }
            guard self.commit || (self.reason == nil && self.ticket == nil) else {
                throw .usage("--reason and --ticket belong to --commit", see: command)
            }
            guard let reason = self.reason ?? (self.commit ? nil : "reconciled") else {
                throw .usage("--commit takes a --reason", see: command)
            }
            let mandate = try OrderOptions.mandate(reason: reason, ticket: self.ticket)
            if self.commit {
                return try await self.common.withWritableLedger {
                    (ledger, configuration) throws(CommandProblem) in
                    try await self.compare(in: ledger, configuration, mandate)
                }
            }
            return try await self.common.withReadableLedger {
                (ledger, configuration) throws(CommandProblem) in
                try await self.compare(in: ledger, configuration, mandate)
            }
        }

        private func compare(
            in ledger: any LedgerStore,
            _ configuration: Configuration,
            _ mandate: Mandate
        ) async throws(CommandProblem) -> CommandOutput {
            let now = SystemClock().now
            let standing = try await self.standing(in: ledger)
            let comparison = try await answer { () throws(EnrollmentError) in
                try FleetComparison(
                    enrolledBefore: now.adding(seconds: -Int64(self.grace) * 60),
                    seenAfter: now.adding(days: -self.silentDays)
                )
            }
            try await self.read(into: comparison)
            let users: (any UserLookup)? =
                self.skipDirectory
                ? nil : try ServiceGraph.verifier(for: configuration, logger: .errorsOnly)
            let run = ReconciliationRun(
                comparison: comparison,
                ledger: ledger,
                filter: DestinationFilter(of: standing?.name ?? self.listed(in: configuration), in: configuration),
                users: users
            )
            let figures = try await answer { () throws(EnrollmentError) in
                let asked = try await run.fill()
                return try run.figures(naming: self.limit, asked: asked)
            }
            var sent: ReconciliationRun.Sent?
            if self.commit, let standing {
                sent = try await answer { () throws(EnrollmentError) in
                    try await run.sendMissing(to: standing, mandate, at: now)
                }
            }
            let screen = ReconciliationScreen(
                source: self.source.name,
                sourceWords: self.source.shellWords,
                figures: figures,
                destination: standing?.name,
                sent: sent,
                asksDirectory: !self.skipDirectory,
                grace: self.grace,
                config: self.common.config
            )
            let hasFindings = figures.counts.contains { $0.value > 0 }
            return CommandOutput(
                text: screen.text,
                json: screen.json,
                exit: self.exitCode && hasFindings ? .failed : .done
            )
        }

        /// Whose list it is; `nil` where nothing was ever sent, and nothing is to be.
        private func standing(in ledger: any LedgerStore) async throws(CommandProblem) -> DestinationStanding? {
            if !self.commit, self.destination == nil {
                let known = try await answer { () throws(EnrollmentError) in try await ledger.destinations() }
                if known.isEmpty { return nil }
            }
            let name = try await DestinationTarget.only(self.destination, in: ledger, for: "handoff reconcile")
            return try await DestinationTarget.find(name, in: ledger)
        }

        /// Whose list it is where nothing was ever sent: the one that is named, or the only one there is.
        private func listed(in configuration: Configuration) -> String? {
            let names = configuration.handOff.destinations.map(\.name)
            return self.destination ?? (names.count == 1 ? names.first : nil)
        }

        private func read(into comparison: FleetComparison) async throws(CommandProblem) {
            var reader = try await self.source.open()
            while let told = try reader.next() {
                do throws(EnrollmentError) {
                    try comparison.add(told)
                } catch {
                    throw CommandProblem(error)
                }
            }
        }
    }
}

extension Logger {
    /// For commands, whose words are their own.
    static var errorsOnly: Logger {
        var logger = Logger(label: "gatehouse") { _ in LineLogHandler(format: .text) }
        logger.logLevel = .error
        return logger
    }
}
