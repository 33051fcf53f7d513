internal import CurlKit
internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import X509Kit

/// Large CRLs as the service makes them: all of them before its first answer, and one again when a revocation comes.
func publicationBenchmark(_ bench: Bench) async throws {
    let empty = try await ServiceUnderTest(bench, .p256, shards: 1)
    let start = try empty.start()
    empty.stop()
    for (entries, shards) in [(100_000, 1), (1_000_000, 8), (1_000_000, 64)] {
        let service = try await ServiceUnderTest(bench, .p256, shards: shards)
        let store = try await ServiceStore(service)
        try store.fill(entries, shards: shards)
        let name = "publication.\(entries)x\(shards)"
        bench.add(.cost("\(name).time", try service.start() - start, "ms"))
        bench.add(.cost("\(name).cpu", try ProcessCost(of: service.identifier).milliseconds, "core-ms"))
        bench.add(.cost("\(name).peak", try ProcessCost.memory("VmHWM", of: service.identifier), "MiB"))
        try await Visibility(service, store).measure(bench, name)
        bench.add(.cost("\(name).peakAgain", try ProcessCost.memory("VmHWM", of: service.identifier), "MiB"))
        await store.ledger.close()
        service.stop()
    }
}

/// How long after a revocation its certificate is revoked for those who ask.
private final class Visibility {
    private static let samples = 9

    private let service: ServiceUnderTest
    private let store: ServiceStore
    /// The entity tag of the CRL read last.
    private var known: String?

    init(_ service: ServiceUnderTest, _ store: ServiceStore) {
        self.service = service
        self.store = store
    }

    /// Several by OCSP, one after the other, each answered as good before; the first of them by CRL as well.
    func measure(_ bench: Bench, _ name: String) async throws {
        try RequestLoad(self.service).run(Self.samples)
        let serials = try await self.store.serialNumbers()
        let wording = try OCSPQuestions(issuer: self.store.issuer.certificate)
        let load = OCSPLoad(self.service, issuer: self.store.issuer.id, questions: [])
        let session = try CurlSession()
        let begin = ContinuousClock.now
        var times: [Double] = []
        for serial in serials.prefix(Self.samples) {
            let question = wording.question(about: serial)
            guard try load.status(question, over: session) == .good else {
                throw BenchmarkProblem("\(serial) is not good before its revocation")
            }
            try await self.store.revoke([serial])
            let revoked = ContinuousClock.now
            while try load.status(question, over: session) == .good { usleep(2_000) }
            times.append(revoked.duration(to: .now) / .milliseconds(1))
        }
        bench.add(.context("\(name).ocspSees.median", times.median, "ms"))
        bench.add(.context("\(name).ocspSees.most", times.max() ?? 0, "ms"))
        let addresses = AuthorityAddresses(base: self.service.plainAddress, shardCount: self.service.shards)
        let url = addresses.crl(issuer: self.store.issuer.id, serialNumber: serials[0])
        let cost = try await self.service.cost {
            while try !self.lists(serials[0], at: url) { usleep(100_000) }
        }
        bench.add(.context("\(name).crlSees", begin.duration(to: .now) / .seconds(1), "s"))
        bench.add(.context("\(name).crlSees.cpu", cost, "core-ms"))
    }

    /// Whether the published CRL lists a certificate; one read before is not fetched again.
    private func lists(_ serial: SerialNumber, at url: String) throws -> Bool {
        var options = CurlOptions()
        options.maximumResponseSize = 1 << 30
        let answer = try CurlSession(options).perform(
            .get(url, headers: self.known.map { [CurlHeader("If-None-Match", $0)] } ?? [])
        )
        if answer.status == 304 { return false }
        guard answer.status == 200 else { throw BenchmarkProblem("a CRL was refused with \(answer.status)") }
        self.known = answer.values(of: "ETag").first
        var entries = try CertificateRevocationList(der: answer.body).entries.reader()
        while let entry = try entries.next() {
            if entry.serialNumber.elementsEqual(serial.octets) { return true }
        }
        return false
    }
}
