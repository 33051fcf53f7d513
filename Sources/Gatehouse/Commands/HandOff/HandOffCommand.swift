import ArgumentParser
import EnrollmentCore
import Ledger

struct HandOffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handoff",
        abstract: "See what management servers were told of, send it again, and compare.",
        subcommands: [Status.self, List.self, Replay.self, Resume.self, Test.self, Reconcile.self]
    )
}

/// A destination as a command names it.
enum DestinationTarget {
    /// Where the destination stands; a name that nothing was ever sent to is an error, not a new destination.
    ///
    /// - Throws: ``CommandProblem`` with exit `notFound`.
    static func find(
        _ name: String,
        in ledger: any LedgerStore
    ) async throws(CommandProblem) -> DestinationStanding {
        let known = try await answer { () throws(EnrollmentError) in try await ledger.destinations() }
        if let found = known.first(where: { $0.name == name }) { return found }
        throw CommandProblem(
            "GH-FIND-001",
            "nothing was ever sent to a destination \(Table.printable(name))",
            known.isEmpty
                ? [("see", "handOff.destinations in the configuration; a service sends once it runs")]
                : [("known", known.map(\.name).joined(separator: ", ")), ("see", "gatehouse handoff status")],
            exit: .notFound
        )
    }

    /// The destination of that name; without one the only one there is.
    static func only(
        _ name: String?,
        in ledger: any LedgerStore,
        for command: String
    ) async throws(CommandProblem) -> String {
        if let name { return try await self.find(name, in: ledger).name }
        let known = try await answer { () throws(EnrollmentError) in try await ledger.destinations() }
        if let only = known.first, known.count == 1 { return only.name }
        throw .usage(
            known.isEmpty
                ? "nothing was ever sent to any destination"
                : "--destination has to say which of \(known.map(\.name).joined(separator: ", "))",
            see: command
        )
    }
}
