internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import SQLText
internal import SQLiteKit

/// As a store that is copied: one state of it, to which nobody writes meanwhile.
extension StorePlace {
    /// Opens the store and lets `body` read it, with the reasons why it cannot be copied just now; with such a reason it
    /// is still one state, which does for a rehearsal.
    ///
    /// - Parameter body: Reads.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` threw, or ``EnrollmentError`` for a store that is missing, damaged, not ours, of another
    ///   version of the schema, or an unfinished copy itself.
    func withSource<Value>(_ body: (LedgerConnection, [String]) throws -> Value) throws -> Value {
        switch self {
        case .sqlite(let path):
            let (connection, obstacles) = try Self.openSQLiteSource(path)
            return try connection.snapshot { try body(connection, obstacles) }
        case .postgres(let settings):
            _ = try PostgresOpening.run(
                Self.looking(settings),
                access: .readOnly,
                logger: Logger(label: "gatehouse.copy") { _ in SwiftLogNoOpLogHandler() }
            )
            let connection = try Self.session(settings)
            let users = try Self.users(of: connection)
            return try connection.snapshot {
                // Before the first question, with which the transaction's view of the store begins.
                let obstacles = users.isEmpty ? try Self.exclude(others: connection) : users
                return try body(connection, obstacles)
            }
        }
    }

    // MARK: SQLite

    /// Takes the file for itself: neither a service that is idle nor a command can have it open then.
    private static func openSQLiteSource(_ path: String) throws -> (LedgerConnection, [String]) {
        var settings = LedgerSettings(path: path)
        settings.busyTimeout = 500
        // Judges owner, mode, version and an unfinished copy, and changes nothing.
        let access = try LedgerOpening.accessForReading(settings)
        do throws(SQLiteError) {
            return (LedgerConnection(try Self.lockedFile(path, settings.busyTimeout)), [])
        } catch {
            guard let obstacle = Self.obstacle(error) else { throw error }
            return (LedgerConnection(try SQLiteConnection(path: path, access: access)), [obstacle])
        }
    }

    private static func lockedFile(_ path: String, _ timeout: Int) throws(SQLiteError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, access: .readWrite, busyTimeout: timeout)
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
        return connection
    }

    private static func obstacle(_ error: SQLiteError) -> String? {
        switch error.kind {
        case .busy: "another process has the source open; stop the service and every command that uses it"
        case .readOnly, .cannotOpen: "the source cannot be locked, because this account may not write to it"
        default: nil
        }
    }

    // MARK: PostgreSQL

    /// Who else uses the store.
    private static func users(of connection: LedgerConnection) throws -> [String] {
        let sessions = try Self.sessions(using: connection, called: "the source")
        return sessions.isEmpty ? try Self.holder(connection) : sessions
    }

    /// Replicas and commands that are connected to the database.
    static func sessions(using connection: LedgerConnection, called name: String) throws -> [String] {
        guard let sessions = try connection.integer(Self.sessions), sessions > 0 else { return [] }
        return ["\(sessions) sessions of the service use \(name); stop every replica"]
    }

    private static func holder(_ connection: LedgerConnection) throws -> [String] {
        let lease = try connection.prepare(Self.lease)
        guard try lease.step() else { return [] }
        let (name, holder) = (lease.text(0), lease.text(1))
        return [
            "\(holder) holds the lease \(name) in the source; stop that replica, or wait until the lease has"
                + " run out"
        ]
    }

    private static let sessions: SQL = """
        SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database()
            AND pid <> pg_backend_pid() AND application_name = 'gatehouse'
        """
    /// One that ends later than any lease may was taken by a clock that was wrong, and holds nobody up.
    private static let lease: SQL = """
        SELECT name, holder FROM lease
        WHERE until > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
            AND until <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 86400000000
        ORDER BY name LIMIT 1
        """

    /// Keeps everybody from writing while the store is copied.
    private static func exclude(others connection: LedgerConnection) throws -> [String] {
        let complaint = try connection.complaint {
            for table in StoreTable.all { try connection.execute(table.exclusion) }
        }
        return complaint.map { ["the source cannot be kept from being written to: \($0.message)"] } ?? []
    }
}
