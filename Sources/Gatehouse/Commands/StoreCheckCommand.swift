import ArgumentParser
import EnrollmentCore
import Ledger
import OpenSSLKit
import Synchronization

extension StoreCommand {
    struct Check: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the whole store through, and say what is not as it has to be.",
            discussion: """
                Tables, columns and indexes; the store's own checks of its pages; what has to hold between its rows; each
                certificate against its digests and the octets that were recorded before it was signed. Changes nothing.
                It may run beside the service: everything is asked of one moment of the store, which on SQLite is its
                log's and on PostgreSQL a transaction's that only reads (REPEATABLE READ).

                  gatehouse store check
                  gatehouse store check --full --json
                  gatehouse store check --all --examples 20

                --full also compares each index with its table. On PostgreSQL the pages of indexes are read when the
                extension amcheck is there.

                Exit codes: 0 sound, 1 something is not as it has to be, 5 the store cannot be read.
                """
        )

        @OptionGroup var common: CommonOptions
        @Flag(help: "Compare each index with its table, which takes longer.")
        var full = false
        @Flag(help: "List what is as it has to be, too.")
        var all = false
        @Option(help: "Rows named for each finding, at most.")
        var examples = 5

        func perform() async throws(CommandProblem) -> CommandOutput {
            guard (0...1_000).contains(self.examples) else {
                throw .usage("--examples takes a number from 0 to 1000", see: "store check")
            }
            do throws(CommandProblem) {
                let (report, name) = try await self.examine()
                return StoreCheckScreen(report: report, store: name, showsAll: self.all).output
            } catch {
                throw Self.judged(error)
            }
        }

        private func examine() async throws(CommandProblem) -> (StoreCheckReport, String) {
            let meter = Mutex(ProgressMeter?.none)
            let outcome = try await self.common.withLedger { (ledger, configuration) throws(EnrollmentError) in
                let report = try await ledger.check(
                    full: self.full,
                    naming: self.examples,
                    digest: { try Digest.sha256($0) },
                    progress: { progress in
                        meter.withLock { meter in
                            if meter == nil { meter = ProgressMeter("checking", total: progress.total) }
                            meter?.advance(to: progress.done, failed: 0)
                        }
                    }
                )
                return (report, configuration.store.name)
            }
            let broken = outcome.0.outcomes.count { $0.status == .broken }
            let done = outcome.0.rows.first { $0.name == "certificate" }?.count ?? 0
            meter.withLock { $0?.finish(at: max(done, outcome.0.outcomes.count), failed: broken) }
            return outcome
        }

        /// What is wrong with the store itself is a finding, and not a store that is away.
        private static func judged(_ problem: CommandProblem) -> CommandProblem {
            let findings: Set = [
                "ledger.damaged", "ledger.schemaOlder", "ledger.schemaNewer", "ledger.unfinishedCopy",
                "ledger.unreadable",
            ]
            guard problem.lines.contains(where: { $0.label == "rule" && findings.contains($0.text) }) else {
                return problem
            }
            return CommandProblem(problem.code, problem.sentence, problem.lines, exit: .failed)
        }
    }
}
