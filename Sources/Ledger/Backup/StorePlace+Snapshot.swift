internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import SQLiteKit

extension StorePlace {
    /// Lets `body` read one moment of the store, whatever is written meanwhile.
    ///
    /// On SQLite it is its log's: as long as `body` reads, the log grows and is not folded in. On PostgreSQL it is a
    /// transaction that only reads (REPEATABLE READ).
    ///
    /// - Parameter body: Reads.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` threw, or ``EnrollmentError`` for a store that is missing, not ours, of another version of
    ///   the schema, or an unfinished copy.
    func withSnapshot<Value>(_ body: (LedgerConnection) throws -> Value) throws -> Value {
        switch self {
        case .sqlite(let path):
            let access = try LedgerOpening.accessForReading(LedgerSettings(path: path))
            let connection = LedgerConnection(try SQLiteConnection(path: path, access: access))
            return try connection.snapshot { try body(connection) }
        case .postgres(let settings):
            _ = try PostgresOpening.run(
                Self.looking(settings),
                access: .readOnly,
                logger: Logger(label: "gatehouse.backup") { _ in SwiftLogNoOpLogHandler() }
            )
            let connection = try Self.session(settings)
            return try connection.snapshot { try body(connection) }
        }
    }
}
