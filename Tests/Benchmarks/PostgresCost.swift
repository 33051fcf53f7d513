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
    /// Transactions that wrote something, each of which waited for the disk.
    let commits: Double
    /// How much was written ahead: changes alone, in KiB.
    let log: Double
    /// Copies of whole pages beside them, one at the first change of a page after each checkpoint, in KiB.
    let pages: Double

    /// What the server has spent for each of `count` operations, together with everything else it did meanwhile.
    ///
    /// - Parameters:
    ///   - count: How many there were.
    ///   - place: A database of a server on this machine; its log is read with `pg_walinspect`, as superusers may.
    ///   - body: The operations.
    /// - Returns: What it cost, and what `body` returned.
    /// - Throws: ``BenchmarkProblem``, or what `body` threw.
    static func measure<Value>(
        each count: Int,
        in place: PostgresPlace,
        _ body: () async throws -> Value
    ) async throws -> (cost: PostgresCost, value: Value) {
        _ = try await place.rows("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        let before = try await Moment(of: place)
        let value = try await body()
        let after = try await Moment(of: place)
        let answer = try await place.rows(
            """
            SELECT coalesce(sum(count) FILTER (WHERE "resource_manager/record_type" LIKE 'Transaction/COMMIT%'), 0),
                coalesce(sum(record_size), 0), coalesce(sum(fpi_size), 0)
            FROM pg_get_wal_stats('\(before.position)', '\(after.position)', true)
            """
        )
        let fields = answer.first?.split(separator: "|").compactMap { Double($0) } ?? []
        guard fields.count == 3 else {
            throw BenchmarkProblem("PostgreSQL does not say what it has written: \(answer)")
        }
        let count = Double(max(1, count))
        let cost = PostgresCost(
            milliseconds: (after.milliseconds - before.milliseconds) / count,
            commits: fields[0] / count,
            log: fields[1] / count / 1_024,
            pages: fields[2] / count / 1_024
        )
        return (cost, value)
    }

    private struct Moment {
        let milliseconds: Double
        let position: String

        init(of place: PostgresPlace) async throws {
            let answer = try await place.rows(
                "SELECT pg_current_wal_flush_lsn(), split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"
            )
            let fields = answer.first?.split(separator: "|") ?? []
            guard fields.count == 2, let process = pid_t(fields[1]) else {
                throw BenchmarkProblem("PostgreSQL does not say where it is: \(answer)")
            }
            self.position = String(fields[0])
            self.milliseconds = try ProcessCost.family(of: process)
        }
    }
}
