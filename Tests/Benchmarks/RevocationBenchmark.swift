internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import Logging
internal import SQLText
internal import SQLiteKit

/// A mass revocation as far as the ledger does it, and what an OCSP answer costs there.
func revocationBenchmark(_ bench: Bench) async throws {
    let store = try RevocationStore()
    let ledger = try await store.open()
    let devices = 10_000
    try await withThrowingTaskGroup { group in
        for worker in 0..<32 {
            group.addTask {
                for number in stride(from: worker, to: devices, by: 32) {
                    try await LedgerBenchmark.enroll(on: ledger, user: "user-\(number % 500)", shard: number % 16)
                }
            }
        }
        try await group.waitForAll()
    }
    let serials = try await store.measure(bench, "revocation.find", times: devices) {
        try await RevocationStore.all(of: ledger)
    }
    guard serials.count == devices else { throw BenchmarkProblem("\(serials.count) of \(devices) could be revoked") }
    try await store.measure(bench, "revocation.status", times: devices) {
        for serial in serials { _ = try await ledger.status(of: serial, issuedBy: RevocationStore.issuer) }
    }
    try await store.measure(bench, "revocation.revoke", times: devices) {
        for start in stride(from: 0, to: devices, by: RevocationOrder.most) {
            let order = RevocationOrder(
                serialNumbers: Array(serials[start..<min(start + RevocationOrder.most, devices)]),
                reason: .keyCompromise,
                act: RevocationStore.act()
            )
            let outcome = try await ledger.revoke(order)
            guard outcome.ended.count == order.serialNumbers.count else {
                throw BenchmarkProblem("an order revoked less than it named")
            }
        }
    }
    try await store.measure(bench, "revocation.changes", times: devices) {
        _ = try await ledger.changes(after: 0, limit: devices)
    }
    await ledger.close()
}

/// The ledger's part of making a large CRL.
func crlBenchmark(_ bench: Bench) async throws {
    let store = try RevocationStore()
    let ledger = try await store.open()
    let shard = CRLShard(issuerID: RevocationStore.issuer, number: 0)
    try await ledger.announce([shard])
    let count = 100_000
    try store.fill(count)
    for part in [1_000, 10_000] {
        let listed = try await store.measure(bench, "crl.entries.by\(part)", times: count) {
            var listed = 0
            var last: SerialNumber?
            while true {
                let entries = try await ledger.entries(
                    of: shard,
                    notEndedBefore: LedgerBenchmark.now,
                    after: last,
                    limit: part
                )
                guard let end = entries.last else { return listed }
                listed += entries.count
                last = end.serialNumber
            }
        }
        guard listed == count else { throw BenchmarkProblem("\(listed) of \(count) entries were listed") }
    }
    try await store.measure(bench, "crl.publish", times: 5) {
        for _ in 0..<5 { try await RevocationStore.publish(shard, octets: 40 * count, in: ledger) }
    }
    try await store.measure(bench, "crl.read", times: 20) {
        for _ in 0..<20 { _ = try await ledger.crl(of: shard) }
    }
    await ledger.close()
}

/// A fresh database of one measurement.
private final class RevocationStore {
    static let issuer = "2026-a"

    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: false)
    }

    deinit {
        // What cannot be removed is left to the system's own cleaning of its temporary folder.
        try? FileManager.default.removeItem(at: self.folder)
    }

    private var path: String { self.folder.path + "/ledger.sqlite" }

    func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(LedgerSettings(path: self.path), logger: Logger(label: "benchmark"))
    }

    /// Two figures: milliseconds for all, microseconds of CPU for one.
    @discardableResult
    func measure<Value>(
        _ bench: Bench,
        _ name: String,
        times: Int,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let begin = ContinuousClock.now
        let cpu = ProcessCost.ownMicroseconds
        let value = try await body()
        let elapsed = begin.duration(to: .now) / .milliseconds(1)
        bench.add(.context("\(name).time", elapsed, "ms"))
        bench.add(.cost("\(name).cpu", (ProcessCost.ownMicroseconds - cpu) / Double(times), "us"))
        return value
    }

    /// Revocations without their certificates: the list of a CRL comes from their table alone.
    func fill(_ count: Int) throws {
        let connection = try SQLiteConnection(path: self.path, access: .readWrite)
        let statement = try connection.prepare(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO revocation (issuer_id, shard, serial, reason, revoked, not_after)
            SELECT '2026-a', i % 2, CAST(x'01' || randomblob(16) AS BLOB), 1, ?2, ?3 FROM n
            """
        )
        try statement.bind(2 * count, at: 1)
        try statement.bind(LedgerBenchmark.now.microseconds, at: 2)
        try statement.bind(LedgerBenchmark.now.adding(days: 365).microseconds, at: 3)
        try statement.run()
    }

    static func act() -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: (0..<11).map { _ in UInt8.random(in: 0...255) }),
            verb: .revoke,
            actor: "benchmark",
            reason: "measured",
            ticket: nil,
            time: LedgerBenchmark.now
        )
    }

    static func all(of ledger: SQLiteLedger) async throws -> [SerialNumber] {
        var serials: [SerialNumber] = []
        var key: String?
        repeat {
            let page = try await ledger.revocable(
                .issuer(self.issuer),
                at: LedgerBenchmark.now,
                after: key,
                limit: PageSize.largest
            )
            serials += page.elements
            key = page.next
        } while key != nil
        return serials
    }

    static func publish(_ shard: CRLShard, octets: Int, in ledger: SQLiteLedger) async throws {
        let now = LedgerBenchmark.now
        let outcome = try await ledger.takeTurn(at: shard, holder: "b", now: now, until: now.adding(seconds: 60))
        guard case .turn(let turn) = outcome else { throw BenchmarkProblem("the turn is somebody else's") }
        try await ledger.record(turn, toBeSignedDigest: [UInt8](repeating: 7, count: 32), at: now)
        let facts = CRLFacts(
            number: turn.number,
            thisUpdate: now,
            nextUpdate: now.adding(days: 1),
            entryCount: octets / 40,
            through: turn.through,
            thumbprint: [UInt8](repeating: 8, count: 32),
            octetCount: octets
        )
        let crl = PublishedCRL(shard: shard, facts: facts, der: [UInt8](repeating: 0x5a, count: octets))
        try await ledger.publish(crl, by: turn, at: now)
    }
}
