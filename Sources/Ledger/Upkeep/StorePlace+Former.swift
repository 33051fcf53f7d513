package import EnrollmentCore
internal import PostgresKit
internal import SQLText
internal import SQLiteKit

extension StorePlace {
    /// Has the store let go of sealed keys that were replaced.
    ///
    /// PostgreSQL keeps former rows until somebody clears them away, and SQLite's log keeps them until it is folded in.
    /// What is in write-ahead logs that were archived, and in backups, stays.
    ///
    /// - Returns: Why some of it is still there; `nil` when it is not.
    /// - Throws: ``EnrollmentError`` when the store cannot be reached.
    package func forgetFormerKeys() throws(EnrollmentError) -> String? {
        do {
            switch self {
            case .sqlite(let path):
                let connection = try SQLiteConnection(path: path, access: .readWrite)
                let busy = try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") ?? 0
                return busy == 0 ? nil : "the log beside the store is in use and was not folded in"
            case .postgres(let settings):
                return try Self.clear(try Self.session(settings))
            }
        } catch {
            throw .ledger(error)
        }
    }

    /// Small tables: all of them together have a row for each key.
    private static let scripts =
        ["SET lock_timeout = '5s'"]
        + ["issuer", "service_certificate", "sealing", "ceremony"].map { "VACUUM (FULL) \($0)" }

    private static func clear(_ connection: LedgerConnection) throws -> String? {
        guard case .postgres(let session) = connection.store else { return nil }
        do throws(PostgresError) {
            // One by one, since several in one text would be one transaction, in which nothing is cleared away.
            for script in Self.scripts { try session.connection.executeScript(script) }
            return nil
        } catch {
            guard !session.connection.isBroken else { throw error }
            return "the database did not clear them away: \(error.message)"
        }
    }
}
