internal import EnrollmentTestKit
internal import Ledger

/// A reservation and its confirmation on PostgreSQL, by callers.
///
/// Beside rate and latency: processor time of this process and of the server, ways to the server and back, durable
/// transactions and octets of log, each for one enrollment.
func postgresLedgerBenchmark(_ bench: Bench) async throws {
    for callers in [1, 8, 32] {
        var rounds: [PostgresLedgerRound] = []
        for _ in 0..<bench.rounds { rounds.append(try await PostgresLedgerRound(bench, callers: callers)) }
        let name = "pgledger.enroll.c\(callers)"
        rounds.map(\.load).report(to: bench, as: name)
        bench.add(.cost("\(name).cpu", rounds.map(\.load.microseconds).median, "us"))
        bench.add(.cost("\(name).postgres.cpu", rounds.map { 1_000 * $0.cost.milliseconds }.median, "us"))
        bench.add(.cost("\(name).roundTrips", rounds.map(\.roundTrips).median, "each"))
        bench.add(.cost("\(name).commits", rounds.map(\.cost.commits).median, "each"))
        bench.add(.cost("\(name).log", rounds.map(\.cost.log).median, "KiB"))
    }
    for clients in [1, 8, 32] {
        bench.add(.context("pgledger.limit.c\(clients)", try await PostgresLimit(bench).rate(clients), "1/s"))
    }
}

/// One round on a fresh database.
private struct PostgresLedgerRound {
    let load: LedgerLoad
    let cost: PostgresCost
    let roundTrips: Double

    init(_ bench: Bench, callers: Int) async throws {
        let server = try bench.postgres()
        (self.load, self.cost, self.roundTrips) = try await server.withDatabase { database in
            let place = PostgresPlace(database)
            let ledger = try await place.ledger(.founding)
            let enroll: @Sendable (Int, Int) async throws -> Void = { caller, number in
                try await LedgerBenchmark.enroll(on: ledger, user: "user-\(caller)-\(number % 500)", as: .windows)
            }
            // Connections are made, statements prepared.
            _ = try await LedgerLoad.run(callers: callers, count: 100 + 20 * callers, enroll)
            let roundTrips = ledger.figures.roundTrips
            let count = callers == 1 ? 1_000 : 3_000
            let (cost, load) = try await PostgresCost.measure(each: count, in: place) {
                try await LedgerLoad.run(callers: callers, count: count, enroll)
            }
            let spent = Double(ledger.figures.roundTrips - roundTrips) / Double(count)
            await ledger.close()
            return (load, cost, spent)
        }
    }
}
