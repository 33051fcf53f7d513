import ArgumentParser

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back the store up while it is used, look at backups, and restore one.",
        subcommands: [Create.self, Verify.self, Restore.self]
    )
}
