internal import DeviceSimulator
internal import EnrollmentTestKit

/// Complete enrollments on PostgreSQL by one process and by three behind a balancer.
///
/// Client, directory, balancer, server and all replicas share the cores, so that three cannot be faster than one here:
/// what shows is what each enrollment costs whom, and that replicas do not wait for each other.
func replicaBenchmark(_ bench: Bench) async throws {
    for replicas in [1, 3] {
        for mode in [WindowsSimulation.ConnectionMode.newPerRequest, .onePerWorker] {
            for workers in mode == .onePerWorker ? [8, 32] : [8] {
                try await ReplicaSeries(replicas: replicas, mode: mode, workers: workers).measure(bench)
            }
        }
    }
}

private struct ReplicaSeries {
    let replicas: Int
    let mode: WindowsSimulation.ConnectionMode
    let workers: Int

    private var name: String {
        "replicas.\(self.replicas).enroll.\(self.mode == .newPerRequest ? "new" : "kept").c\(self.workers)"
    }

    private struct Round {
        /// Of all replicas, in milliseconds for one enrollment.
        let milliseconds: Double
        let cost: PostgresCost
        let report: SimulationReport
        let peak: Double
    }

    func measure(_ bench: Bench) async throws {
        var rounds: [Round] = []
        for _ in 0..<bench.rounds { rounds.append(try await self.round(bench)) }
        bench.add(.context("\(self.name).rate", rounds.map(\.report.rate).median, "1/s"))
        bench.add(.cost("\(self.name).cpu", rounds.map(\.milliseconds).median, "core-ms"))
        bench.add(.cost("\(self.name).postgres.cpu", rounds.map(\.cost.milliseconds).median, "core-ms"))
        bench.add(.cost("\(self.name).commits", rounds.map(\.cost.commits).median, "each"))
        bench.add(.cost("\(self.name).log", rounds.map(\.cost.log).median, "KiB"))
        bench.add(.context("\(self.name).p50", rounds.map(\.report.whole.p50).median, "ms"))
        bench.add(.context("\(self.name).p95", rounds.map(\.report.whole.p95).median, "ms"))
        bench.add(.context("\(self.name).p99", rounds.map(\.report.whole.p99).median, "ms"))
        bench.add(.cost("\(self.name).peak", rounds.map(\.peak).median, "MiB"))
    }

    private func round(_ bench: Bench) async throws -> Round {
        let keys = try bench.keys(bench.devices + Bench.warmUp)
        let server = try bench.postgres()
        return try await server.withDatabase { database in
            let service = try await ServiceUnderTest(
                bench,
                .p256,
                store: .postgres(database),
                replicas: self.replicas
            )
            try service.start()
            var series = EnrollmentSeries(algorithm: .p256, mode: self.mode)
            series.workers = self.workers
            _ = try await series.enroll(keys.prefix(Bench.warmUp), at: service, bench)
            let before = try service.milliseconds
            let (cost, report) = try await PostgresCost.measure(each: bench.devices, in: PostgresPlace(database)) {
                try await series.enroll(keys.dropFirst(Bench.warmUp), at: service, bench)
            }
            let after = try service.milliseconds
            let peak = try service.identifiers.map { try ProcessCost.memory("VmHWM", of: $0) }.max() ?? 0
            service.stop()
            return Round(
                milliseconds: (after - before) / Double(report.enrolled),
                cost: cost,
                report: report,
                peak: peak
            )
        }
    }
}
