internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import SQLText
internal import Synchronization

/// What is known of the server: whether it takes writes, and what its clock says.
final class PostgresStanding: Sendable {
    private struct State {
        var standing = StoreStanding.readWrite
        var skew: Int64?
        var replayed: Int64?
        var hasWarned = false
    }

    private let state = Mutex(State())
    private let settings: PostgresLedgerSettings
    private let logger: Logger
    /// Whether this process was to read alone whatever the server is.
    private let isForReading: Bool

    init(_ settings: PostgresLedgerSettings, isForReading: Bool, logger: Logger) {
        self.settings = settings
        self.isForReading = isForReading
        self.logger = logger
    }

    var current: StoreStanding {
        self.isForReading
            ? .readOnly(reason: "the database was opened for reading alone") : self.state.withLock { $0.standing }
    }

    var clockSkew: Int64? { self.state.withLock { $0.skew } }
    var replayed: Int64? { self.state.withLock { $0.replayed } }

    /// Takes what a look at the server has found.
    func note(_ look: PostgresLook) {
        let limit = self.settings.largestClockSkew.microseconds
        let standing: StoreStanding
        if let reason = look.readOnlyReason {
            standing = .readOnly(reason: reason)
        } else if look.certainSkew > limit {
            standing = .readOnly(reason: Self.words(look.skew))
        } else {
            standing = .readWrite
        }
        let isNotable = look.certainSkew > self.settings.notableClockSkew.microseconds
        let warns = self.state.withLock { state in
            state.skew = look.skew
            state.replayed = look.replayed
            defer { state.hasWarned = isNotable }
            return isNotable && !state.hasWarned
        }
        if warns {
            self.logger.warning(
                "this machine's clock and the database's differ",
                metadata: ["microseconds": "\(look.skew)"]
            )
        }
        self.change(to: standing)
    }

    /// Takes it from an error that a transaction met.
    func note(_ error: PostgresError) {
        guard error.kind == .readOnly, self.current == .readWrite else { return }
        self.change(to: .readOnly(reason: "the database server takes no writes"))
    }

    func noteUnreachable(_ error: PostgresError) {
        self.change(to: .unreachable(reason: EnrollmentError.ledger(error).detail))
    }

    private func change(to standing: StoreStanding) {
        let former = self.state.withLock { state in
            defer { state.standing = standing }
            return state.standing
        }
        guard former != standing, !self.isForReading else { return }
        switch standing {
        case .readWrite: self.logger.notice("the database takes records again")
        case .readOnly(let reason):
            self.logger.warning("the database takes no records", metadata: ["reason": "\(reason)"])
        case .unreachable(let reason):
            self.logger.warning("the database does not answer", metadata: ["reason": "\(reason)"])
        }
    }

    static func words(_ skew: Int64) -> String {
        let seconds = skew.magnitude / 1_000_000
        let direction = skew > 0 ? "ahead of" : "behind"
        return "this machine's clock is \(seconds) s \(direction) the database's; set it right (chrony, NTP)"
    }
}

/// What one look at a server shows.
struct PostgresLook {
    /// Why it takes no writes; `nil` when it does.
    let readOnlyReason: String?
    /// Our clock's time less the database's, in microseconds.
    let skew: Int64
    /// How much of that is not owed to the time that asking took.
    let certainSkew: Int64
    /// When the latest commit was made that a standby has repeated, 0 where it has repeated none; `nil` on a primary.
    let replayed: Int64?

    private static let question = PostgresStatement(
        """
        SELECT pg_is_in_recovery(), current_setting('transaction_read_only'),
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
            (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint
        """
    )

    init(at connection: PostgresConnection, clock: () -> Timestamp) throws(PostgresError) {
        let before = clock().microseconds
        let ticket = try connection.send(Self.question)
        try connection.synchronizeKeepingAnswers()
        let rows = try connection.rows(for: ticket)
        let after = clock().microseconds
        let isStandby = rows.integer(0, 0) == 1
        let isReadOnly = rows.text(0, 1) == "on"
        self.readOnlyReason =
            isStandby
            ? "the database server is a standby" : isReadOnly ? "the database server was told to be read only" : nil
        self.skew = (before + after) / 2 - rows.integer(0, 2)
        self.certainSkew = max(0, Int64(self.skew.magnitude) - (after - before) / 2)
        self.replayed = isStandby ? (rows.isNull(0, 3) ? 0 : rows.integer(0, 3)) : nil
    }
}
