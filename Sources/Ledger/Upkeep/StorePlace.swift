internal import EnrollmentCore
internal import Glibc
internal import SQLText
internal import SQLiteKit

/// Where a store is.
package enum StorePlace: Sendable {
    /// A database file.
    case sqlite(path: String)
}

extension StorePlace: CustomStringConvertible {
    /// For people; no secret is in it.
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite \(path)"
        }
    }
}

/// A store that one copy has to itself.
///
/// Confined to the thread that copies.
final class CopyEnd {
    let connection: LedgerConnection
    /// Why it cannot be copied from just now, as sentences.
    let obstacles: [String]

    init(_ connection: LedgerConnection, obstacles: [String] = []) {
        self.connection = connection
        self.obstacles = obstacles
    }
}

// MARK: As a source

extension StorePlace {
    /// Opens the store to be copied from, so that nobody else writes to it meanwhile.
    ///
    /// - Throws: ``EnrollmentError`` for one that is missing, damaged, not ours, or of another version of the schema.
    func openSource() throws(EnrollmentError) -> CopyEnd {
        switch self {
        case .sqlite(let path): try Self.openSQLiteSource(path)
        }
    }

    /// Takes the file for itself: neither a service that is idle nor a command can have it open then.
    ///
    /// Where it cannot, it is read as it is at this moment, which does for a rehearsal.
    private static func openSQLiteSource(_ path: String) throws(EnrollmentError) -> CopyEnd {
        var settings = LedgerSettings(path: path)
        settings.busyTimeout = 500
        // Judges owner, mode, version and an unfinished copy, and changes nothing.
        let access = try LedgerOpening.accessForReading(settings)
        do {
            do throws(SQLiteError) {
                let connection = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: settings.busyTimeout)
                try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
                return CopyEnd(LedgerConnection(connection))
            } catch  where error.kind == .busy {
                return CopyEnd(
                    LedgerConnection(try SQLiteConnection(path: path, access: access)),
                    obstacles: ["another process has the source open; stop the service and every command that uses it"]
                )
            } catch  where [.readOnly, .cannotOpen].contains(error.kind) {
                return CopyEnd(
                    LedgerConnection(try SQLiteConnection(path: path, access: access)),
                    obstacles: ["the source cannot be locked, because this account may not write to it"]
                )
            }
        } catch {
            throw .ledger(error)
        }
    }
}

// MARK: As a destination

extension StorePlace {
    /// Whether there is something at that place already.
    func isThere() throws(EnrollmentError) -> Bool {
        switch self {
        case .sqlite(let path):
            var status = stat()
            return stat(path, &status) == 0
        }
    }

    /// Opens the store to look at what a copy would find; `nil` where nothing is there.
    func openForLooking() throws(EnrollmentError) -> CopyEnd? {
        guard try self.isThere() else { return nil }
        switch self {
        case .sqlite(let path):
            var settings = LedgerSettings(path: path)
            settings.isUnfinishedCopyWelcome = true
            let access = try LedgerOpening.accessForReading(settings)
            do {
                return CopyEnd(LedgerConnection(try SQLiteConnection(path: path, access: access)))
            } catch {
                throw .ledger(error)
            }
        }
    }

    /// Opens the store to be copied into, and makes it where nothing is there.
    func openDestination(faults: SQLiteFaultPlan? = nil) throws(EnrollmentError) -> CopyEnd {
        switch self {
        case .sqlite(let path):
            var settings = LedgerSettings(path: path)
            settings.isUnfinishedCopyWelcome = true
            let connection = try LedgerOpening.open(settings)
            if let faults { connection.install(faults) }
            return CopyEnd(LedgerConnection(connection))
        }
    }

    /// Whether both are the same store.
    func isSame(as other: StorePlace) -> Bool {
        switch (self, other) {
        case (.sqlite(let left), .sqlite(let right)):
            var first = stat()
            var second = stat()
            guard stat(left, &first) == 0, stat(right, &second) == 0 else { return false }
            return first.st_dev == second.st_dev && first.st_ino == second.st_ino
        }
    }
}
