import EnrollmentCore
import Ledger
import Logging

/// Opens the configured store, whichever it is.
struct StoreOpening {
    let configuration: Configuration
    let logger: Logger

    /// Opens the store for the service, or for whoever founds it.
    func open(_ access: LedgerAccess) async throws(CommandProblem) -> any LedgerStore {
        switch self.configuration.store {
        case .sqlite(let path):
            let settings = LedgerSettings(path: path)
            if access != .founding { try self.require(path) }
            return try await answer { () throws(EnrollmentError) in
                try await SQLiteLedger.open(settings, access: access, logger: self.logger)
            }
        case .postgres(let location):
            return try await self.open(try Self.settings(location), access)
        }
    }

    /// Opens the store for one command: no more of it than that takes.
    ///
    /// For writing, a store of another version of the schema is refused; bringing it up to date is the service's to do.
    func openForCommand(_ access: LedgerAccess) async throws(CommandProblem) -> any LedgerStore {
        switch self.configuration.store {
        case .sqlite(let path):
            try self.require(path)
            var settings = LedgerSettings(path: path)
            settings.readers = 1
            // The service reads a large store through; one command does not wait for that.
            settings.pagesCheckedAtOpening = 0
            return try await answer { [settings] () throws(EnrollmentError) in
                if access == .readWrite {
                    // Judges owner, mode and version, and migrates nothing.
                    await (try SQLiteLedger.open(settings, access: .readOnly, logger: self.logger)).close()
                }
                return try await SQLiteLedger.open(settings, access: access, logger: self.logger)
            }
        case .postgres(let location):
            var settings = try Self.settings(location)
            settings.connections = min(settings.connections, 2)
            if access == .readWrite { await (try await self.open(settings, .readOnly)).close() }
            return try await self.open(settings, access)
        }
    }

    private func require(_ path: String) throws(CommandProblem) {
        guard !FilePath.exists(path) else { return }
        if let problem = CommandProblem.unfinishedRestore(to: path) { throw problem }
        throw CommandProblem(
            "GH-STORE-001",
            "there is no store at \(path)",
            [("try", "gatehouse init --config \(self.configuration.file)")],
            exit: .unavailable
        )
    }
}

extension CommandProblem {
    /// Where a restore left a part of a store; `nil` where none did.
    static func unfinishedRestore(to path: String) -> CommandProblem? {
        let partial = StorePlace.restoring(path)
        guard FilePath.exists(partial) else { return nil }
        return CommandProblem(
            "GH-STORE-004",
            "a restore to \(path) is at work or was broken off; there is no store before it is complete",
            [
                ("left", partial), ("try", "gatehouse backup restore FILE --commit, as before: it begins anew"),
                ("or", "rm \(partial)*, where no restore is wanted any more"),
            ],
            exit: .refused
        )
    }
}
