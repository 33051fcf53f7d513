import ArgumentParser
import Authority
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit

extension CRLCommand {
    struct Publish: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make and publish CRLs now, due or not.",
            discussion: """
                A running service publishes by itself: every few hours, and within a minute of a revocation. This is for
                when it does not run. Needs the passphrase, as the service does. Each CRL has one writer at a time; one
                that a service is just at is left to it, and the exit code is 5.

                  gatehouse crl publish
                  gatehouse crl publish 2026-A
                  gatehouse crl publish 2026-A/3 --json

                A root whose key is not at hand publishes nothing by itself. One that is offline gets its CRLs by a
                ceremony: --offline writes the file with what it has to sign, for gatehouse ceremony sign and
                gatehouse ca import. One whose key is split takes shares.

                  gatehouse crl publish R1 --offline request.txt
                  gatehouse crl publish R1 --share-file a.txt --share-file b.txt --share-file c.txt
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "An issuer, or one of its CRLs: 2026-A or 2026-A/3. Default: all of them.")
        var crl: String?
        @Option(help: "Write what an offline root has to sign into this file.")
        var offline: String?
        @Option(help: "A share of a root's key, repeatable.")
        var shareFile: [String] = []
        @Option(help: "Why, in your words, for --offline; shown to the root's keepers. Default: CRLs of the root.")
        var reason: String?
        @Option(help: "Number of the ticket in your own system, for --offline.")
        var ticket: String?
        @Option(help: "Days for which the CRLs of a root that is not at hand are valid.")
        var days = 180

        func perform() async throws(CommandProblem) -> CommandOutput {
            guard (1...3_650).contains(self.days) else { throw .usage("--days takes 1 to 3650", see: "crl publish") }
            if let file = self.offline { return try await self.ask(file) }
            guard self.reason == nil, self.ticket == nil else {
                throw .usage("--reason and --ticket go with --offline", see: "crl publish")
            }
            guard self.shareFile.isEmpty || self.crl != nil else {
                throw .usage("--share-file goes with the root whose key it is of", see: "crl publish")
            }
            let shares = try ShareFiles.read(self.shareFile)
            let selection = try self.crl.map { (text) throws(CommandProblem) in try CRLSelection(text) }
            let report = try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let ring = try await KeyRing.open(by: configuration, in: ledger)
                let source = try await ShareFiles.source(ring, shares, in: ledger)
                let keys = IssuerKeys(ledger: ledger, keys: source)
                let standings = try await answer { () throws(EnrollmentError) in
                    try await keys.refresh()
                    return try await Self.standings(keys, in: ledger, configuration)
                }
                let chosen = standings.filter { selection?.includes($0.shard) ?? true }
                if chosen.isEmpty { throw .notFound("CRL", self.crl ?? "of any issuer", "gatehouse crl show") }
                let publisher = CRLPublisher(
                    ledger: ledger,
                    keys: keys,
                    addresses: configuration.addresses,
                    clock: SystemClock(),
                    schedule: self.schedule(
                        configuration,
                        byPeople: chosen.allSatisfy { keys.issuer($0.shard.issuerID)?.record.key.isAtHand == false }
                    ),
                    holder: "\(CommandActor.name), process \(getpid())"
                )
                return try await answer { () throws(EnrollmentError) in try await Self.publish(chosen, by: publisher) }
            }
            return report.output
        }

        /// What people have to come together for lasts longer.
        private func schedule(_ configuration: Configuration, byPeople: Bool) -> CRLSchedule {
            guard byPeople else {
                return CRLSchedule(
                    interval: Int64(configuration.crl.intervalHours) * 3_600,
                    validity: Int64(configuration.crl.validityHours) * 3_600
                )
            }
            let validity = Int64(self.days) * 86_400
            return CRLSchedule(interval: validity / 2, validity: validity)
        }

        /// Asks an offline root.
        private func ask(_ file: String) async throws(CommandProblem) -> CommandOutput {
            guard let root = self.crl, self.shareFile.isEmpty else {
                throw .usage("--offline takes one root, and no shares", see: "crl publish")
            }
            let mandate = try OrderOptions.mandate(reason: self.reason ?? "CRLs of \(root)", ticket: self.ticket)
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let act = try await answer { () throws(EnrollmentError) in
                    try mandate.act(.askCeremony, at: SystemClock().now)
                }
                return try await CeremonyDesk(ledger: ledger, configuration: configuration)
                    .askForLists(of: root, days: self.days, file: file, by: act)
            }
        }

        /// The CRLs of every issuer that signs here; those of a new issuer are made known first.
        private static func standings(
            _ keys: IssuerKeys,
            in ledger: any LedgerStore,
            _ configuration: Configuration
        ) async throws(EnrollmentError) -> [CRLStanding] {
            let ids = keys.issuers.map(\.id)
            try await ledger.announce(
                ids.flatMap { id in (0..<configuration.crlShards).map { CRLShard(issuerID: id, number: $0) } }
            )
            return try await ledger.shards().filter { ids.contains($0.shard.issuerID) }
        }

        private static func publish(
            _ standings: [CRLStanding],
            by publisher: CRLPublisher
        ) async throws(EnrollmentError) -> CRLPublicationReport {
            var report = CRLPublicationReport()
            var progress = ProgressMeter("publishing", total: standings.count)
            for (index, standing) in standings.enumerated() {
                switch try await publisher.publish(standing) {
                case .published(let facts): report.published.append((standing.shard, facts))
                case .leased(let holder, let until): report.leased.append((standing.shard, holder, until))
                }
                progress.advance(to: index + 1, failed: report.leased.count)
            }
            return report
        }
    }
}
