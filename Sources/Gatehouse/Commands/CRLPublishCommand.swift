import ArgumentParser
import Authority
import EnrollmentCore
import Glibc
import Ledger

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
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "An issuer, or one of its CRLs: 2026-A or 2026-A/3. Default: all of them.")
        var crl: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let selection = try self.crl.map { (text) throws(CommandProblem) in try CRLSelection(text) }
            let report = try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let ring = try await KeyRing.open(by: configuration, in: ledger)
                let keys = IssuerKeys(ledger: ledger, keys: ring)
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
                    schedule: CRLSchedule(
                        interval: Int64(configuration.crl.intervalHours) * 3_600,
                        validity: Int64(configuration.crl.validityHours) * 3_600
                    ),
                    holder: "\(CommandActor.name), process \(getpid())"
                )
                return try await answer { () throws(EnrollmentError) in try await Self.publish(chosen, by: publisher) }
            }
            return report.output
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
