import ArgumentParser
import EnrollmentCore
import Ledger
import OpenSSLKit
import ServiceRuntime
import Synchronization

extension StoreCommand {
    struct Copy: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy a whole store into an empty one, and compare every row.",
            discussion: """
                A store is a SQLite file, a PostgreSQL address (postgresql://… or host=… dbname=…), or config for the one
                of the configuration. Only a rehearsal unless --commit is given: it reads the source through, counts,
                and says what would refuse the copy.

                  gatehouse store copy --from config --to postgresql://gatehouse@db.corp.example/gatehouse
                  gatehouse store copy --from config --to "host=db dbname=gatehouse" --to-password-file db.pw --commit
                  gatehouse store copy --from config --to /var/lib/gatehouse/back.db --commit

                Nobody else may use the source meanwhile: stop the service first. Rows are copied in batches, each one
                transaction; after Ctrl-C, kill -9 or a lost connection the same command goes on where it was. What
                arrived is read back and compared, row by row, and only then can the new store be opened. The source is
                not changed; sealed keys stay sealed by the same passphrase.

                A password is never given here: in a file, a variable of the environment, or where every PostgreSQL
                client looks for one (PGPASSWORD, ~/.pgpass).

                Exit codes: 0 copied and the same, or rehearsed; 1 stopped, or rows that differ; 4 refused, or would be;
                5 a store cannot be reached.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "The store to copy: a file, a PostgreSQL address, or config.")
        var from: String
        @Option(help: "The store to copy into, which has to be empty: a file, a PostgreSQL address, or config.")
        var to: String
        @Option(help: "File with the password for --from.")
        var fromPasswordFile: String?
        @Option(help: "Variable of the environment with the password for --from.")
        var fromPasswordEnv: String?
        @Option(help: "File with the password for --to.")
        var toPasswordFile: String?
        @Option(help: "Variable of the environment with the password for --to.")
        var toPasswordEnv: String?
        @Flag(help: "Do it, instead of rehearsing.")
        var commit = false
        @Flag(help: "With --commit: remove what an unfinished copy left in the destination, and begin again.")
        var startOver = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            guard self.commit || !self.startOver else {
                throw .usage("--start-over belongs to --commit", see: "store copy")
            }
            let source = StoreArgument(
                text: self.from,
                passwordFile: self.fromPasswordFile,
                passwordVariable: self.fromPasswordEnv,
                option: "from"
            )
            let target = StoreArgument(
                text: self.to,
                passwordFile: self.toPasswordFile,
                passwordVariable: self.toPasswordEnv,
                option: "to"
            )
            let places = (from: try source.place(self.common), to: try target.place(self.common))
            let report = try await self.copy(from: places.from, to: places.to)
            let words =
                ["gatehouse", "store", "copy"] + source.shellWords + target.shellWords
                + (self.common.config.map { ["--config", $0] } ?? [])
            return StoreCopyScreen(
                report: report,
                from: "\(places.from)",
                to: "\(places.to)",
                isReal: self.commit,
                command: ShellWords.line(words + ["--commit"])
            ).output
        }

        private func copy(from source: StorePlace, to target: StorePlace) async throws(CommandProblem)
            -> StoreCopyReport
        {
            let shutdown = ShutdownSignal()
            let interrupt = Interrupt.onFirst { shutdown.raise() }
            defer { interrupt.cancel() }
            let meters = Mutex(CopyMeters())
            let copy = StoreCopy(
                from: source,
                to: target,
                digest: { try Digest.sha256($0) },
                progress: { progress in meters.withLock { $0.advance(progress) } },
                isStopped: { shutdown.isRaised }
            )
            let report = try await answer { () throws(EnrollmentError) in
                self.commit ? try await copy.run(startingOver: self.startOver) : try await copy.rehearse()
            }
            meters.withLock { $0.finish() }
            return report
        }
    }
}

/// One line for each thing that a copy does.
private struct CopyMeters {
    private var phase: StoreCopyProgress.Phase?
    private var meter: ProgressMeter?
    private var done = 0

    mutating func advance(_ progress: StoreCopyProgress) {
        if self.phase != progress.phase {
            self.finish()
            self.phase = progress.phase
            let verb =
                switch progress.phase {
                case .judging: "reading"
                case .copying: "copying"
                case .comparing: "comparing"
                }
            self.meter = ProgressMeter(verb, total: progress.total)
        }
        self.done = progress.done
        self.meter?.advance(to: progress.done, failed: 0)
    }

    mutating func finish() {
        self.meter?.finish(at: self.done, failed: 0)
        self.meter = nil
    }
}
