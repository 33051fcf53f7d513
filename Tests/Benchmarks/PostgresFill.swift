internal import Foundation

/// A database with as many certificates as years of use leave, made by `Fill.sql`.
struct PostgresFill {
    /// With more certificates, the octets that nothing searches are short ones: they would not fit the disk.
    private static let largestComplete = 2_000_000

    let place: PostgresPlace
    let count: Int

    private var isComplete: Bool { self.count <= Self.largestComplete }
    private var devices: Int { self.count * 4 / 5 }

    /// Fills the database, which nobody may be using.
    func run(issuer: String) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fill.sql").path
        _ = try await self.place.run(
            "psql",
            [
                "-Xq", "-v", "ON_ERROR_STOP=1", "-v", "n=\(self.count)", "-v", "full=\(self.isComplete)", "-v",
                "issuer=\(issuer)", "-f", script,
            ],
            seconds: 7_200
        )
    }

    /// Octets of the tables, of what they keep out of line, and of their indexes, for each device.
    func measure(_ bench: Bench, _ name: String) async throws {
        let answer = try await self.place.rows(
            """
            SELECT sum(pg_relation_size(oid)), sum(pg_table_size(oid) - pg_relation_size(oid)), sum(pg_indexes_size(oid))
            FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            """
        )
        let sizes = answer.first?.split(separator: "|").compactMap { Double($0) } ?? []
        guard sizes.count == 3 else { throw BenchmarkProblem("no sizes: \(answer)") }
        for (word, size) in zip(["rows", "toast", "indexes"], sizes) {
            bench.add(.cost("\(name).\(word)", size / Double(self.devices), "B a device"))
        }
        bench.add(.context("\(name).database", sizes.reduce(0, +) / 1e9, "GB"))
    }

    /// Reads what every enrollment goes through, as on a server that has run for a while: the indexes, and the people.
    func warm() async throws {
        _ = try await self.place.rows(
            """
            CREATE EXTENSION IF NOT EXISTS pg_prewarm;
            SELECT pg_prewarm(indexrelid::regclass, 'read') FROM pg_stat_user_indexes WHERE pg_relation_size(indexrelid) > 0;
            SELECT pg_prewarm('"user"', 'read')
            """
        )
    }

    /// Stable ids of people who have devices, at random.
    func people(_ count: Int) async throws -> [String] {
        let people = max(1, self.count * 8 / 25)
        return try await self.lines("SELECT md5('u' || \(Self.random(people)))::uuid", count)
    }

    /// Thumbprints and serial numbers of current certificates at random, none twice, in hexadecimal.
    func certificates(_ count: Int) async throws -> [(thumbprint: String, serial: String)] {
        let lines = try await self.lines(
            """
            SELECT encode(sha256(convert_to('t' || n, 'UTF8')), 'hex') || ' 01' || md5('s' || n)
            FROM (SELECT DISTINCT 1 + 50 * \(Self.random(self.devices / 50)) AS n
            """,
            count,
            ") x"
        )
        return lines.compactMap { line in
            let words = line.split(separator: " ")
            return words.count == 2 ? (String(words[0]), String(words[1])) : nil
        }
    }

    private static func random(_ most: Int) -> String { "floor(random() * \(most))::bigint" }

    private func lines(_ question: String, _ count: Int, _ end: String = "") async throws -> [String] {
        try await self.place.rows(question + " FROM generate_series(1, \(count))" + end)
    }
}
