package import EnrollmentCore
internal import Glibc
internal import PostgresKit

/// Where the PostgreSQL ledger lives and how much of it one process may use.
package struct PostgresLedgerSettings: Sendable {
    /// Whose time leases go by.
    package enum Time: Hashable, Sendable {
        /// The database's, which is the same for everybody.
        case database
        /// That of whoever asks; for tests that make up the time.
        case caller
    }

    /// A keyword string or URI of libpq's (PostgreSQL documentation § 34.1.1); may name several hosts.
    package var address: String
    /// Goes before any other password; in no description.
    package var password: String?
    /// How the server's administrator sees us.
    package var applicationName = "gatehouse"
    /// Connections that answer questions and run transactions; two more listen, and record what nobody waits for.
    package var connections = 8
    /// How long an operation waits for one of them before it is refused with `inMaintenance`.
    package var wait: Duration = .seconds(2)
    /// Operations that may wait for a connection; one more is refused with `inMaintenance`.
    package var longestQueue = 1_000
    /// For a whole attempt to connect, however many hosts.
    package var connectTimeout: Duration = .seconds(5)
    /// For each answer of the server.
    package var statementTimeout: Duration = .seconds(30)
    /// How far this machine's clock may be off the database's before nothing is recorded any more.
    package var largestClockSkew: Duration = .seconds(60)
    /// How far it may be off before somebody is warned.
    package var notableClockSkew: Duration = .seconds(5)
    /// How often to look at what nobody may have told us; the clock and the server's standing with it.
    package var pollInterval: Duration = .seconds(1)
    /// How often a transaction is run in all before others that are in its way make it fail.
    package var mostTries = 8
    /// How long to look for the outcome of a commit that nobody knows.
    package var doubtPatience: Duration = .seconds(8)
    /// How long to wait for another process that changes the schema.
    package var migrationPatience: Duration = .seconds(120)
    /// Attempts recorded without waiting that may be pending; one more is dropped and counted.
    package var longestBacklog = 10_000
    /// Milliseconds after which what nobody waits for is written.
    package var flushDelay = 50
    package var time = Time.database
    /// Whether a store is opened into which a copy was begun and not finished: by the copier alone.
    var isUnfinishedCopyWelcome = false
    /// What this machine's clock says.
    package var clock: @Sendable () -> Timestamp = { .ofThisMachine }

    package init(address: String, password: String? = nil) {
        self.address = address
        self.password = password
    }

    var kit: PostgresSettings {
        var settings = PostgresSettings(connectionString: self.address, password: self.password)
        settings.applicationName = self.applicationName
        settings.connectTimeout = self.connectTimeout
        settings.statementTimeout = self.statementTimeout
        return settings
    }
}

extension PostgresLedgerSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where to, and nothing that could be secret: an address may hold a password.
    package var description: String { self.kit.description }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Timestamp {
    /// This machine's clock.
    static var ofThisMachine: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}

extension Duration {
    /// Rounded toward zero.
    var microseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
