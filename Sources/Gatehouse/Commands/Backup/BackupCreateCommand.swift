import ArgumentParser
import Authority
import EnrollmentCore

extension BackupCommand {
    struct Create: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the whole store into one encrypted, signed file, beside the running service.",
            discussion: """
                Everything is read at one moment of the store; devices go on enrolling and renewing meanwhile. The file
                is encrypted with the backup's own passphrase, its manifest signed by the active issuer. It holds the
                sealed keys, which the store's passphrase opens: keep both passphrases, and not beside the backup.

                  gatehouse backup create
                  gatehouse backup create --to /backup/gatehouse.ghbackup --passphrase-file /etc/gatehouse/backup.passphrase
                  gatehouse backup create --temporary /var/tmp --json

                Without --to the file goes into backup.folder of the configuration, named by its time, and all but
                backup.keep of the files there are removed. A file that is there is never overwritten. The temporary
                image of the store has no name and is gone with the command. It is not encrypted, so it is made where the store
                is: in the folder of the SQLite file, or in /var/tmp for PostgreSQL; --temporary names another.
                What is not sound in the store is said, and backed up all the same.

                Exit codes: 0 made, 1 not made, 2 usage, 4 there is a file of that name, 5 a store cannot be reached or
                there is no room.
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var options: BackupOptions
        @Option(help: "The file to write. Default: a new one in backup.folder.")
        var to: String?
        @Option(help: "Why, in your words; kept with the record of the act.")
        var reason = "routine"
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let mandate = try OrderOptions.mandate(reason: self.reason, ticket: self.ticket)
            let configuration = try self.common.configuration()
            let passphrase = try self.options.passphrase(self.common)
            let folder = configuration.backup.folder.map { BackupFolder(path: $0) }
            guard let file = self.to ?? folder?.file(at: SystemClock().now) else {
                throw .usage(
                    "nothing says where the backup goes: --to FILE, or backup.folder in the configuration",
                    see: "backup create"
                )
            }
            let making = BackupMaking(
                configuration: configuration,
                file: file,
                temporary: self.options.folder(or: BackupOptions.temporary(for: try configuration.store.place())),
                passphrase: passphrase,
                mandate: mandate
            )
            let outcome = try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let keys = try await KeyRing.open(by: configuration, in: ledger)
                return try await making.perform(ledger, keys: keys)
            }
            var removed: [String] = []
            if self.to == nil, let folder, let keep = configuration.backup.keep {
                removed = try folder.prune(keeping: keep)
            }
            return BackupScreen(file: file, outcome: outcome, removed: removed).output
        }
    }
}
