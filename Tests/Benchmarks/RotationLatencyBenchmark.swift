internal import DeviceSimulator
internal import EnrollmentTestKit
internal import Foundation
internal import ServiceRuntime
internal import Synchronization

/// What devices feel of a change of keys: the enrollment request's latency while each step is taken by the command, beside
/// the same service left alone.
///
/// One device at a time, so that there is room on the cores for the command, which is a process of its own. The service is
/// left alone for a while before each step, so that what it does every few seconds anyway falls into either kind of window
/// alike; latencies of all rounds are taken together, since a window holds too few for a hundredth of them to mean anything.
func rotationLatencyBenchmark(_ bench: Bench) async throws {
    var samples: [String: [Double]] = [:]
    for _ in 0..<bench.rounds {
        samples.merge(try await RotationRound(bench).measure()) { $0 + $1 }
    }
    for (point, label) in [(50, "p50"), (99, "p99")] {
        let steady = (samples["steady"] ?? []).percentile(point)
        bench.add(.context("rotate.steady.\(label)", steady, "ms"))
        for name in RotationRound.names {
            let value = (samples[name] ?? []).percentile(point)
            bench.add(.context("rotate.\(name).\(label)", value, "ms"))
            bench.add(.context("rotate.\(name).\(label).ofSteady", value / steady, "x"))
        }
    }
}

/// One service through all the steps of an issuer's and a root's change, under load.
private struct RotationRound {
    /// What is done, in this order, and under which name it is reported.
    private static let steps: [(name: String, arguments: [String])] = [
        ("prepare", ["prepare", "--role", "issuing", "--id", "B"]), ("publish", ["publish", "B"]),
        ("activate", ["activate", "B"]), ("drain", ["drain", "2026-A", "--hurry"]),
        ("root-prepare", ["prepare", "--role", "root", "--id", "R2"]), ("root-publish", ["publish", "R2"]),
        ("root-activate", ["activate", "R2", "--despite-adoption", "benchmark"]),
    ]
    static let names = Self.steps.map(\.name)
    /// Seconds that a step's effects are watched after the command's end: replicas follow within two.
    private static let aftermath = 2.5

    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    private struct Sample {
        let moment: ContinuousClock.Instant
        let milliseconds: Double
    }

    func measure() async throws -> [String: [Double]] {
        let service = try await ServiceUnderTest(self.bench, .p256)
        try service.start()
        let samples = Mutex<[Sample]>([])
        let isOver = ShutdownSignal()
        let simulation = try self.simulation(of: service)
        async let load = simulation.run(until: isOver) { event in
            guard case .step(_, .enroll, 200, let milliseconds, _) = event else { return }
            samples.withLock { $0.append(Sample(moment: .now, milliseconds: milliseconds)) }
        }
        var windows: [(String, Range<ContinuousClock.Instant>)] = []
        do {
            try await Task.sleep(for: .seconds(2))
            for step in Self.steps {
                let quiet = ContinuousClock.now
                try await Task.sleep(for: .seconds(Self.aftermath + 1))
                let begin = ContinuousClock.now
                windows.append(("steady", quiet..<begin))
                try await self.command(step.arguments, at: service)
                try await Task.sleep(for: .seconds(Self.aftermath))
                windows.append((step.name, begin..<ContinuousClock.now))
            }
        } catch {
            isOver.raise()
            _ = await load
            throw error
        }
        isOver.raise()
        let report = await load
        service.stop()
        guard report.failures.isEmpty, report.firstDeviation == nil else {
            throw BenchmarkProblem("a device was refused: \(report.failures.first.map { "\($0.example)" } ?? "-")")
        }
        let taken = samples.withLock { $0 }
        return Dictionary(
            windows.map { name, range in (name, taken.filter { range.contains($0.moment) }.map(\.milliseconds)) },
            uniquingKeysWith: +
        )
    }

    private func simulation(of service: ServiceUnderTest) throws -> WindowsSimulation {
        var simulation = WindowsSimulation(users: self.bench.people)
        simulation.discoveryAddress = service.discovery
        simulation.probes = false
        simulation.provesPossession = false
        // More than a round enrolls, each with a key of its own; RSA keys for as many would take a quarter of an hour.
        simulation.devices = 20_000
        simulation.keyStock = try (0..<simulation.devices).map { _ in try DeviceKey.generate(.ecdsaP256) }
        simulation.concurrency = 1
        simulation.trustedAuthorities = service.root
        return simulation
    }

    /// Rehearses, and does what was rehearsed.
    private func command(_ arguments: [String], at service: ServiceUnderTest) async throws {
        let line = ["ca"] + arguments + ["--reason", "benchmark", "--config", service.configurationPath, "--json"]
        let rehearsal = try await self.run(line)
        guard let plan = try JSONDocument(parsing: rehearsal)["plan"]?.text else {
            throw BenchmarkProblem("no plan: \(rehearsal)")
        }
        _ = try await self.run(line + ["--commit", "--plan", plan])
    }

    private func run(_ line: [String]) async throws -> String {
        let outcome = try await ExternalCommand.run(self.bench.binary, line, seconds: 60)
        guard outcome.status == 0 else { throw BenchmarkProblem("\(line): \(outcome.output)") }
        return outcome.output
    }
}
