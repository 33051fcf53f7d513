internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger

/// The same work in databases with ever more certificates: what an enrollment, a renewal and a look-up take, what a device
/// takes of the disk, and how soon a service answers after its start.
func growthBenchmark(_ bench: Bench) async throws {
    var smallest: Double?
    for count in bench.sizes {
        let enrollment: Double
        if let address = bench.filled {
            enrollment = try await Growth(count, in: PostgresPlace(address: address)).measureLedger(bench)
        } else {
            enrollment = try await bench.postgres().withDatabase { database in
                let service = try await ServiceUnderTest(bench, .p256, store: .postgres(database))
                let growth = Growth(count, in: PostgresPlace(database))
                try await growth.fill(bench)
                try growth.measureStart(of: service, bench)
                return try await growth.measureLedger(bench)
            }
        }
        if let smallest { bench.add(.context("growth.\(count).ofSmallest", enrollment / smallest, "x")) }
        smallest = smallest ?? enrollment
    }
}

/// Measurements at one size.
private struct Growth {
    private static let rounds = 3
    private static let operations = 1_000

    private let place: PostgresPlace
    private let fill: PostgresFill
    private let name: String

    init(_ count: Int, in place: PostgresPlace) {
        self.place = place
        self.fill = PostgresFill(place: place, count: count)
        self.name = "growth.\(count)"
    }

    /// Makes the rows, in a store that was founded and never served.
    func fill(_ bench: Bench) async throws {
        let ledger = try await self.place.ledger()
        let issuer = try await Self.issuer(of: ledger)
        await ledger.close()
        let begin = ContinuousClock.now
        try await self.fill.run(issuer: issuer)
        bench.add(.context("\(self.name).fill", begin.duration(to: .now) / .seconds(1), "s"))
    }

    private static func issuer(of ledger: PostgresLedger) async throws -> String {
        guard let issuer = try await ledger.issuers().first(where: { $0.role != .root }) else {
            throw BenchmarkProblem("the store has no issuer")
        }
        return issuer.id
    }

    /// The first start makes all CRLs while it serves; those after it find them.
    func measureStart(of service: ServiceUnderTest, _ bench: Bench) throws {
        bench.add(.context("\(self.name).firstStart", try service.start(), "ms"))
        // Long enough for CRLs of a million entries.
        sleep(20)
        service.stop()
        var times: [Double] = []
        var sizes: [Double] = []
        for _ in 0..<5 {
            times.append(try service.start())
            sizes.append(try ProcessCost.memory("VmRSS", of: service.identifier))
            service.stop()
        }
        bench.add(.cost("\(self.name).start", times.median, "ms"))
        bench.add(.cost("\(self.name).memoryAtStart", sizes.median, "MiB"))
    }

    /// - Returns: Milliseconds of a reservation and its confirmation by one caller, the median.
    func measureLedger(_ bench: Bench) async throws -> Double {
        try await self.fill.measure(bench, self.name)
        let ledger = try await self.place.ledger()
        let issuer = try await Self.issuer(of: ledger)
        let people = try await self.fill.people(20_000)
        let certificates = try await self.fill.certificates(20_000)
        let enroll: @Sendable (Int, Int) async throws -> Void = { _, _ in
            let person = people.randomElement() ?? ""
            try await LedgerBenchmark.enroll(on: ledger, user: person, as: .windows)
        }
        _ = try await LedgerLoad.run(callers: 8, count: Self.operations, enroll)

        var single: [LedgerLoad] = []
        var several: [LedgerLoad] = []
        var costs: [PostgresCost] = []
        for _ in 0..<Self.rounds {
            single.append(try await LedgerLoad.run(callers: 1, count: Self.operations / 2, enroll))
            let (cost, load) = try await PostgresCost.measure(each: Self.operations, in: self.place) {
                try await LedgerLoad.run(callers: 8, count: Self.operations, enroll)
            }
            several.append(load)
            costs.append(cost)
        }
        single.report(to: bench, as: "\(self.name).enroll.c1")
        several.report(to: bench, as: "\(self.name).enroll.c8")
        bench.add(.cost("\(self.name).enroll.c8.postgres.cpu", costs.map { 1_000 * $0.milliseconds }.median, "us"))
        bench.add(.cost("\(self.name).enroll.c8.log", costs.map(\.log).median, "KiB"))
        bench.add(.context("\(self.name).enroll.c8.pages", costs.map(\.pages).median, "KiB"))

        try await self.measureLookUps(bench, ledger, issuer, certificates)
        await ledger.close()
        return single.map { $0.times.percentile(50) }.median
    }

    private func measureLookUps(
        _ bench: Bench,
        _ ledger: PostgresLedger,
        _ issuer: String,
        _ certificates: [(thumbprint: String, serial: String)]
    ) async throws {
        guard certificates.count > 100 else { throw BenchmarkProblem("the database has too few certificates") }
        let known = certificates.compactMap { certificate -> ([UInt8], SerialNumber)? in
            guard let thumbprint = Hexadecimal.decode(certificate.thumbprint),
                let serial = SerialNumber(certificate.serial)
            else { return nil }
            return (thumbprint, serial)
        }
        let candidate = try await LedgerLoad.run(callers: 1, count: Self.operations) { _, number in
            let thumbprint = known[number % known.count].0
            guard try await ledger.candidate(thumbprint: thumbprint) != nil else {
                throw BenchmarkProblem("a certificate that was filled in is not found")
            }
        }
        bench.add(.context("\(self.name).candidate.p50", candidate.times.percentile(50), "ms"))
        bench.add(.context("\(self.name).candidate.p99", candidate.times.percentile(99), "ms"))
        let status = try await LedgerLoad.run(callers: 1, count: Self.operations) { _, number in
            guard case .good = try await ledger.status(of: known[number % known.count].1, issuedBy: issuer) else {
                throw BenchmarkProblem("a certificate that was filled in is not good")
            }
        }
        bench.add(.context("\(self.name).status.p50", status.times.percentile(50), "ms"))
        // From the other end: none of these was asked for above, so that no page of theirs is warm.
        let renewals = min(Self.operations / 2, known.count / 2)
        let renewal = try await LedgerLoad.run(callers: 1, count: renewals) { _, number in
            try await LedgerBenchmark.renew(known[known.count - 1 - number].0, on: ledger)
        }
        bench.add(.context("\(self.name).renew.p50", renewal.times.percentile(50), "ms"))
        bench.add(.context("\(self.name).renew.p99", renewal.times.percentile(99), "ms"))
    }
}
