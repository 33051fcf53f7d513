import ArgumentParser

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Check the store, and copy it into another: SQLite to PostgreSQL and back.",
        subcommands: [Check.self, Copy.self]
    )
}
