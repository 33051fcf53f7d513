internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger

/// What hangs on each issuer, and the first and a later page of who has not adopted one or still depends on one, with as
/// many certificates as are asked for: on SQLite, and on PostgreSQL.
///
/// As `ca status` and `ca plan` ask: by a process of their own, which opens the store, and again in the service.
func rotationBenchmark(_ bench: Bench) async throws {
    for count in bench.sizes {
        let fill = try RotationFill(count)
        try await fill.run()
        let begin = ContinuousClock.now
        let ledger = try await fill.open()
        _ = try await ledger.issuerFigures(at: LedgerBenchmark.now)
        bench.add(.context("rotation.sqlite.\(count).first", begin.duration(to: .now) / .milliseconds(1), "ms"))
        try await measure(
            bench,
            "rotation.sqlite.\(count)",
            ledger,
            at: LedgerBenchmark.now,
            holding: RotationFill.former
        )
        await ledger.close()
        try fill.remove()
        try await bench.postgres().withDatabase { database in
            let place = PostgresPlace(database)
            let founding = try await place.ledger(.founding)
            try await RotationFill.found(founding)
            await founding.close()
            try await PostgresFill(place: place, count: count * 5 / 4).run(issuer: RotationFill.present)
            let ledger = try await place.ledger()
            let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
            try await measure(bench, "rotation.postgres.\(count)", ledger, at: now, holding: RotationFill.present)
            await ledger.close()
        }
    }
}

private func measure(
    _ bench: Bench,
    _ name: String,
    _ ledger: some LedgerStore,
    at now: Timestamp,
    holding issuer: String
) async throws {
    func median(_ work: () async throws -> Void) async throws -> Double {
        var times: [Double] = []
        for _ in 0..<9 {
            let begin = ContinuousClock.now
            try await work()
            times.append(begin.duration(to: .now) / .milliseconds(1))
        }
        return times.median
    }
    var live = 0
    let figures = try await median { live = try await ledger.issuerFigures(at: now).liveDevices }
    bench.add(.context("\(name).figures", figures, "ms"))
    bench.add(.context("\(name).devices", Double(live), "live"))
    var last: String?
    let lacking = try await median {
        let page = try await ledger.devices(lacking: "root-2", at: now, after: nil, limit: 50)
        guard page.elements.count == 50 else { throw BenchmarkProblem("nobody lacks the new root") }
        last = page.next
    }
    bench.add(.context("\(name).lacking", lacking, "ms"))
    for _ in 0..<200 {
        last = try await ledger.devices(lacking: "root-2", at: now, after: last, limit: 500).next
    }
    let later = try await median {
        _ = try await ledger.devices(lacking: "root-2", at: now, after: last, limit: 50)
    }
    bench.add(.context("\(name).lackingLater", later, "ms"))
    let holding = try await median {
        let page = try await ledger.devices(holding: issuer, at: now, after: nil, limit: 50)
        guard page.elements.count == 50 else { throw BenchmarkProblem("nobody holds a certificate of \(issuer)") }
    }
    bench.add(.context("\(name).holding", holding, "ms"))
    let revocable = try await median {
        guard try await ledger.revocableCount(of: issuer, at: now) > 0 else {
            throw BenchmarkProblem("nothing is left")
        }
    }
    bench.add(.context("\(name).revocable", revocable, "ms"))
    let stranded = try await median {
        guard try await ledger.devicesToRevoke(of: issuer, at: now) > 0 else {
            throw BenchmarkProblem("no device holds a certificate of \(issuer)")
        }
    }
    bench.add(.context("\(name).stranded", stranded, "ms"))
}

/// Everything that a compromised issuer signed for 100 000 devices, revoked part by part with its events, as
/// `ca compromise` does: by the ledger alone, in a process that does nothing else.
func compromiseBenchmark(_ bench: Bench) async throws {
    let fill = try RotationFill(bench.fleet)
    try await fill.run()
    let ledger = try await fill.open()
    let now = LedgerBenchmark.now.adding(days: 1)
    let act = AdministrativeAct(
        traceID: TraceID(random: LedgerBenchmark.octets(11)),
        verb: .compromiseIssuer,
        actor: "benchmark",
        reason: "measured",
        ticket: nil,
        time: now
    )
    // All of them: what the former issuer signed, and what the present one did.
    let identifier = ProcessInfo.processInfo.processIdentifier
    let before = try ProcessCost.memory("VmRSS", of: identifier)
    let cost = ProcessCost.ownMicroseconds
    let begin = ContinuousClock.now
    var revoked = 0
    var ended = 0
    for issuer in [RotationFill.former, RotationFill.present] {
        while case let page = try await ledger.revocable(.issuer(issuer), at: now, after: nil, limit: 500),
            !page.elements.isEmpty
        {
            let order = RevocationOrder(serialNumbers: page.elements, reason: .cACompromise, act: act)
            let outcome = try await ledger.revoke(order)
            revoked += outcome.revoked.count
            ended += outcome.ended.count
        }
    }
    let seconds = begin.duration(to: .now) / .seconds(1)
    guard ended == bench.fleet else { throw BenchmarkProblem("\(ended) of \(bench.fleet) devices were ended") }
    bench.add(.context("compromise.\(bench.fleet).time", seconds, "s"))
    bench.add(.cost("compromise.cpu", (ProcessCost.ownMicroseconds - cost) / Double(max(1, revoked)), "us"))
    bench.add(.context("compromise.\(bench.fleet).memoryBefore", before, "MiB"))
    bench.add(.context("compromise.\(bench.fleet).peak", try ProcessCost.memory("VmHWM", of: identifier), "MiB"))
    await ledger.close()
    try fill.remove()
}
