internal import DeviceSimulator
internal import ServiceRuntime

/// Complete enrollments: discovery, policy, enrollment; real directory over TLS with kept connections, durable commits.
///
/// The figure to judge by is processor time of the server for one; 1 000 divided by it is enrollments per core-second,
/// beside the ceilings of the same work done by OpenSSL and nginx alone.
func enrollmentBenchmark(_ bench: Bench) async throws {
    for algorithm in ServiceUnderTest.Algorithm.allCases {
        for mode in [WindowsSimulation.ConnectionMode.newPerRequest, .onePerWorker] {
            try await EnrollmentSeries(algorithm: algorithm, mode: mode).measure(bench)
        }
    }
}

/// Rounds of complete enrollments against fresh services of one kind.
struct EnrollmentSeries: Sendable {
    static let workers = 8

    let algorithm: ServiceUnderTest.Algorithm
    let mode: WindowsSimulation.ConnectionMode
    /// After the mode in the figures' names, for series under special conditions.
    var suffix = ""
    /// Added to the service's environment.
    var environment: [String: String] = [:]
    var workers = Self.workers

    /// Enrollments per core-second when nothing but TLS, HTTP, certificate calls, store and directory client cost
    /// anything.
    private var ceiling: Double {
        switch (self.algorithm, self.mode) {
        case (.p256, .newPerRequest): 877
        case (.p256, _): 1_658
        case (.rsa2048, .newPerRequest): 510
        case (.rsa2048, _): 997
        }
    }

    private var name: String {
        "enroll.\(self.algorithm.word).\(self.mode == .newPerRequest ? "new" : "kept")\(self.suffix)"
    }

    private struct Round {
        let cost: Double
        let report: SimulationReport
        let peak: Double
    }

    /// Runs the rounds and adds the median of each figure.
    func measure(_ bench: Bench) async throws {
        var rounds: [Round] = []
        for _ in 0..<bench.rounds { rounds.append(try await self.round(bench)) }
        let cost = rounds.map(\.cost).median
        bench.add(.cost("\(self.name).cpu", cost, "core-ms"))
        bench.add(.context("\(self.name).perCoreSecond", 1_000 / cost, "1/s"))
        bench.add(.context("\(self.name).ofCeiling", 1_000 / cost / self.ceiling, "of \(Int(self.ceiling))"))
        bench.add(.context("\(self.name).rate", rounds.map(\.report.rate).median, "1/s"))
        bench.add(.context("\(self.name).p50", rounds.map(\.report.whole.p50).median, "ms"))
        bench.add(.context("\(self.name).p99", rounds.map(\.report.whole.p99).median, "ms"))
        bench.add(.cost("\(self.name).peak", rounds.map(\.peak).median, "MiB"))
    }

    private func round(_ bench: Bench) async throws -> Round {
        let keys = try bench.keys(bench.devices + Bench.warmUp)
        let service = try await ServiceUnderTest(bench, self.algorithm, environment: self.environment)
        try service.start()
        _ = try await self.enroll(keys.prefix(Bench.warmUp), at: service, bench)
        let before = try ProcessCost(of: service.identifier).milliseconds
        let report = try await self.enroll(keys.dropFirst(Bench.warmUp), at: service, bench)
        let after = try ProcessCost(of: service.identifier).milliseconds
        let peak = try ProcessCost.memory("VmHWM", of: service.identifier)
        service.stop()
        return Round(cost: (after - before) / Double(report.enrolled), report: report, peak: peak)
    }

    func enroll(
        _ keys: ArraySlice<DeviceKey>,
        at service: ServiceUnderTest,
        _ bench: Bench
    ) async throws -> SimulationReport {
        var simulation = WindowsSimulation(users: bench.people)
        simulation.discoveryAddress = service.discovery
        simulation.probes = false
        simulation.provesPossession = false
        simulation.devices = keys.count
        simulation.keptOutcomes = keys.count
        simulation.keyStock = Array(keys)
        simulation.concurrency = self.workers
        simulation.connections = self.mode
        simulation.trustedAuthorities = service.root
        let report = await simulation.run(until: ShutdownSignal())
        guard report.enrolled == keys.count, report.firstDeviation == nil else {
            let why =
                report.failures.first.map { "\($0.example)" } ?? report.firstDeviation.map { "\($0)" } ?? "stopped"
            throw BenchmarkProblem("\(report.enrolled) of \(keys.count) devices enrolled; first trouble: \(why)")
        }
        return report
    }
}
