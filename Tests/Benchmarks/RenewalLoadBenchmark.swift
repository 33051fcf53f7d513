internal import DeviceSimulator
internal import ServiceRuntime

/// Renewals over TLS with the certificate they replace: on a new connection each, as devices do, and on kept ones.
///
/// Everything is in it: the signed message, both signatures, the owner read again in the directory, two durable commits,
/// the provisioning document.
func renewalLoadBenchmark(_ bench: Bench) async throws {
    for algorithm in ServiceUnderTest.Algorithm.allCases {
        for isKept in [false, true] {
            try await RenewalSeries(algorithm: algorithm, isKept: isKept).measure(bench)
        }
    }
}

/// Rounds of renewals against fresh services of one kind.
private struct RenewalSeries {
    private static let workers = 8

    let algorithm: ServiceUnderTest.Algorithm
    let isKept: Bool

    private struct Round {
        let cost: Double
        let report: RenewalReport
        let peak: Double
    }

    func measure(_ bench: Bench) async throws {
        var rounds: [Round] = []
        for _ in 0..<bench.rounds { rounds.append(try await self.round(bench)) }
        let name = "renew.\(self.algorithm.word).\(self.isKept ? "kept" : "new")"
        bench.add(.cost("\(name).cpu", rounds.map(\.cost).median, "core-ms"))
        bench.add(.context("\(name).rate", rounds.map(\.report.rate).median, "1/s"))
        bench.add(.context("\(name).p50", rounds.map(\.report.whole.p50).median, "ms"))
        bench.add(.context("\(name).p99", rounds.map(\.report.whole.p99).median, "ms"))
        bench.add(.cost("\(name).peak", rounds.map(\.peak).median, "MiB"))
    }

    /// A certificate that renewed over a connection is replaced by the next one unseen, so a kept connection renews the
    /// same again as if the answer had been lost: the only way to have many on one connection.
    private func round(_ bench: Bench) async throws -> Round {
        let devices = self.isKept ? Self.workers : bench.devices
        let keys = try bench.keys(2 * (bench.devices + Bench.warmUp))
        let service = try await ServiceUnderTest(bench, self.algorithm)
        try service.start()
        let enrolling = keys.prefix(devices + Bench.warmUp)
        let series = EnrollmentSeries(algorithm: self.algorithm, mode: .onePerWorker)
        let identities = try await series.enroll(enrolling, at: service, bench).outcomes.compactMap { outcome in
            if case .success(let enrolled) = outcome.result { enrolled.identity } else { nil }
        }
        let fresh = Array(keys.dropFirst(keys.count / 2))
        let candidates = identities.enumerated().map { number, identity in
            var plan = RenewalPlan()
            // On kept connections keys are made in between: of the kind that costs the machine nothing.
            plan.newKey = self.isKept ? .fresh(.ecdsaP256) : .prepared(fresh[number])
            return WindowsRenewal.Candidate(identity, plan)
        }
        _ = try await self.renew(candidates.prefix(Bench.warmUp), repeats: 1, at: service)
        let before = try ProcessCost(of: service.identifier).milliseconds
        let report = try await self.renew(
            candidates.dropFirst(Bench.warmUp),
            repeats: self.isKept ? bench.devices / Self.workers : 1,
            at: service
        )
        let after = try ProcessCost(of: service.identifier).milliseconds
        let peak = try ProcessCost.memory("VmHWM", of: service.identifier)
        service.stop()
        return Round(cost: (after - before) / Double(report.renewed), report: report, peak: peak)
    }

    private func renew(
        _ candidates: ArraySlice<WindowsRenewal.Candidate>,
        repeats: Int,
        at service: ServiceUnderTest
    ) async throws -> RenewalReport {
        var renewal = WindowsRenewal(Array(candidates))
        renewal.repeats = repeats
        renewal.losesAnswer = self.isKept
        renewal.keepsConnections = self.isKept
        renewal.makesContact = false
        renewal.concurrency = Self.workers
        renewal.access.trustedAuthorities = service.root
        let report = await renewal.run(until: ShutdownSignal())
        guard report.renewed == candidates.count * repeats, report.firstDeviation == nil else {
            let why =
                report.failures.first.map { "\($0.example)" } ?? report.firstDeviation.map { "\($0)" } ?? "stopped"
            throw BenchmarkProblem("\(report.renewed) of \(report.renewals) renewals; first trouble: \(why)")
        }
        return report
    }
}
