internal import EnrollmentCore
internal import Glibc
internal import Logging
internal import PostgresKit
internal import SQLText
internal import SQLiteKit

/// Where a store is.
package enum StorePlace: Sendable {
    /// A database file.
    case sqlite(path: String)
    case postgres(PostgresLedgerSettings)
}

extension StorePlace: CustomStringConvertible {
    /// For people; no secret is in it.
    package var description: String {
        switch self {
        case .sqlite(let path): "sqlite \(path)"
        case .postgres(let settings): "postgres \(settings)"
        }
    }
}

extension StorePlace {
    /// What a copier's sessions call themselves.
    static let applicationName = "gatehouse store copy"
    /// A whole table is counted, or an index made, in one statement.
    private static let patience: Duration = .seconds(86_400)

    private static var logger: Logger { Logger(label: "gatehouse.copy") { _ in SwiftLogNoOpLogHandler() } }

    /// A session of the copier's own.
    static func session(_ settings: PostgresLedgerSettings) throws -> LedgerConnection {
        var settings = settings
        settings.applicationName = Self.applicationName
        settings.statementTimeout = Self.patience
        return LedgerConnection(try PostgresSession.open(settings))
    }

    private static func welcoming(_ settings: PostgresLedgerSettings) -> PostgresLedgerSettings {
        var settings = Self.looking(settings)
        settings.isUnfinishedCopyWelcome = true
        return settings
    }

    /// Settings of who only looks, and must not be taken for the service by whoever counts its sessions.
    static func looking(_ settings: PostgresLedgerSettings) -> PostgresLedgerSettings {
        var settings = settings
        settings.applicationName = Self.applicationName
        return settings
    }

    /// Judges the database; whether there is nothing in it.
    private static func isEmpty(_ settings: PostgresLedgerSettings) throws(EnrollmentError) -> Bool {
        do throws(EnrollmentError) {
            _ = try PostgresOpening.run(Self.welcoming(settings), access: .readOnly, logger: Self.logger)
            return false
        } catch {
            guard error.rule == "ledger.empty" else { throw error }
            return true
        }
    }

    // MARK: As a destination

    /// Opens the store to look at what a copy would find; `nil` where nothing is there.
    func openForLooking() throws(EnrollmentError) -> LedgerConnection? {
        do {
            switch self {
            case .sqlite(let path):
                guard Self.status(of: path) != nil else { return nil }
                guard let access = try Self.accessForLooking(path) else { return nil }
                return LedgerConnection(try SQLiteConnection(path: path, access: access))
            case .postgres(let settings):
                return try Self.isEmpty(settings) ? nil : Self.session(settings)
            }
        } catch {
            throw .ledger(error)
        }
    }

    /// Opens the store to be copied into, and makes it where nothing is there.
    ///
    /// - Parameter faults: Breaks a SQLite store on purpose; for tests.
    /// - Returns: A connection that may write.
    /// - Throws: ``EnrollmentError`` when that is not possible.
    func openDestination(faults: SQLiteFaultPlan? = nil) throws(EnrollmentError) -> LedgerConnection {
        switch self {
        case .sqlite(let path):
            let connection = try LedgerOpening.open(Self.welcoming(path))
            if let faults { connection.install(faults) }
            return LedgerConnection(connection)
        case .postgres(let settings):
            let look = try PostgresOpening.run(Self.welcoming(settings), access: .founding, logger: Self.logger)
            if let reason = look.readOnlyReason { throw EnrollmentError.readOnlyStore(reason) }
            do {
                return try Self.session(settings)
            } catch {
                throw .ledger(error)
            }
        }
    }

    /// How to look at the file; `nil` for one without anything in it, as a copier killed in its first moment leaves.
    private static func accessForLooking(_ path: String) throws(EnrollmentError) -> SQLiteConnection.Access? {
        do throws(EnrollmentError) {
            return try LedgerOpening.accessForReading(Self.welcoming(path))
        } catch {
            guard error.rule == "ledger.schemaOlder", error.facts.contains(Fact("found", "0")) else { throw error }
            return nil
        }
    }

    private static func welcoming(_ path: String) -> LedgerSettings {
        var settings = LedgerSettings(path: path)
        settings.isUnfinishedCopyWelcome = true
        return settings
    }

    /// Whether both are the same file; of two servers a destination that is not empty tells.
    func isSame(as other: StorePlace) -> Bool {
        guard case (.sqlite(let left), .sqlite(let right)) = (self, other), let first = Self.status(of: left),
            let second = Self.status(of: right)
        else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}
