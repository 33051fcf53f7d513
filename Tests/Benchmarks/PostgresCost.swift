internal import EnrollmentTestKit
internal import Foundation

/// What a PostgreSQL server has spent so far, all its processes together.
struct PostgresCost {
    /// As one would run it on a machine of this size; whatever is not here is as PostgreSQL comes.
    static let settings = [
        "shared_buffers": "4GB", "effective_cache_size": "12GB", "maintenance_work_mem": "1GB", "max_wal_size": "8GB",
        "min_wal_size": "1GB", "checkpoint_timeout": "15min",
    ]

    /// User and system time.
    let milliseconds: Double
    /// Transactions that wrote something, each of which waited for the disk once.
    let writes: Double
    /// How much was written ahead.
    let logOctets: Double

    init(of server: PostgresServer) async throws {
        try await self.init(of: PostgresPlace(server.administration))
    }

    /// - Parameter place: A database of a server on this machine.
    /// - Throws: ``BenchmarkProblem``.
    init(of place: PostgresPlace) async throws {
        let answer = try await place.rows(
            """
            SELECT pg_snapshot_xmax(pg_current_snapshot()), pg_current_wal_insert_lsn() - '0/0',
                split_part(pg_read_file('postmaster.pid'), E'\\n', 1)
            """
        )
        let fields = answer.first?.split(separator: "|").compactMap { Double($0) } ?? []
        guard fields.count == 3 else {
            throw BenchmarkProblem("PostgreSQL does not say what it has written: \(answer)")
        }
        self.writes = fields[0]
        self.logOctets = fields[1]
        self.milliseconds = try ProcessCost.family(of: pid_t(fields[2]))
    }

    private init(milliseconds: Double, writes: Double, logOctets: Double) {
        self.milliseconds = milliseconds
        self.writes = writes
        self.logOctets = logOctets
    }

    /// What was spent since `earlier`, for each of `count` operations.
    func since(_ earlier: PostgresCost, each count: Int) -> PostgresCost {
        let count = Double(max(1, count))
        return PostgresCost(
            milliseconds: (self.milliseconds - earlier.milliseconds) / count,
            writes: (self.writes - earlier.writes) / count,
            logOctets: (self.logOctets - earlier.logOctets) / count
        )
    }
}
