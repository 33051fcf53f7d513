internal import CurlKit
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import X509Kit

/// 10 000 certificates revoked by the command line while the service runs: `cert revoke` with and without `--commit`.
func massRevocationBenchmark(_ bench: Bench) async throws {
    let count = 10_000
    let service = try await ServiceUnderTest(bench, .p256)
    try service.start()
    try RequestLoad(service).run(count, workers: 16)
    let store = try await ServiceStore(service)
    let serials = try await store.serialNumbers()
    let command = RevocationCommand(bench, service, issuer: store.issuer.id)
    let rehearsal = try await command.run(committing: nil)
    bench.add(.cost("mass.rehearsal.time", rehearsal.seconds, "s"))
    let before = try ProcessCost(of: service.identifier).milliseconds
    let done = try await command.run(committing: rehearsal.plan)
    guard done.revoked == count else { throw BenchmarkProblem("\(done.revoked) of \(count) were revoked") }
    bench.add(.cost("mass.commit.time", done.seconds, "s"))
    bench.add(.cost("mass.commit.cpu", done.cost, "core-ms"))
    let begin = ContinuousClock.now
    let wording = try OCSPQuestions(issuer: store.issuer.certificate)
    let load = OCSPLoad(service, issuer: store.issuer.id, questions: [])
    let session = try CurlSession()
    for serial in serials.suffix(10) {
        while try load.status(wording.question(about: serial), over: session) == .good { usleep(2_000) }
    }
    bench.add(.context("mass.ocspSees", begin.duration(to: .now) / .milliseconds(1), "ms"))
    while try await store.ledger.shards().contains(where: { $0.waitingSince != nil }) { usleep(100_000) }
    bench.add(.context("mass.crlsSee", begin.duration(to: .now) / .seconds(1), "s"))
    let cost = try ProcessCost(of: service.identifier).milliseconds - before
    bench.add(.cost("mass.service.cpu", cost, "core-ms"))
    bench.add(.cost("mass.service.peak", try ProcessCost.memory("VmHWM", of: service.identifier), "MiB"))
    await store.ledger.close()
    service.stop()
}

/// `gatehouse cert revoke --issuer`.
private struct RevocationCommand {
    private let binary: String
    private let arguments: [String]

    struct Outcome {
        /// Names what was rehearsed.
        let plan: String?
        let revoked: Int
        let seconds: Double
        /// Processor time, in milliseconds.
        let cost: Double
    }

    private struct Document: Decodable {
        let plan: String?
        let revoked: [String]
    }

    init(_ bench: Bench, _ service: ServiceUnderTest, issuer: String) {
        self.binary = bench.binary
        self.arguments = [
            "cert", "revoke", "--config", service.configurationPath, "--issuer", issuer, "--reason", "measured",
            "--json",
        ]
    }

    /// - Parameter plan: What the rehearsal gave; `nil` rehearses.
    /// - Returns: What the command said and used.
    /// - Throws: ``BenchmarkProblem`` with its words when it did not do it.
    func run(committing plan: String?) async throws -> Outcome {
        let cost = ProcessCost.childrenMilliseconds
        let begin = ContinuousClock.now
        let outcome = try await ExternalCommand.run(
            self.binary,
            self.arguments + (plan.map { ["--commit", "--plan", $0] } ?? []),
            seconds: 120
        )
        let seconds = begin.duration(to: .now) / .seconds(1)
        guard outcome.status == 0, let start = outcome.output.firstIndex(of: "{"),
            let end = outcome.output.lastIndex(of: "}")
        else { throw BenchmarkProblem("cert revoke: \(outcome.output.prefix(2_000))") }
        let document = try JSONDecoder().decode(Document.self, from: Data(outcome.output[start...end].utf8))
        return Outcome(
            plan: document.plan,
            revoked: document.revoked.count,
            seconds: seconds,
            cost: ProcessCost.childrenMilliseconds - cost
        )
    }
}
