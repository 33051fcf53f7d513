internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import Logging

/// Durable operations per second and process CPU for each, by callers, with and without group commit.
///
/// `ledger.intent` records one row of 1.5 KiB; `ledger.enroll` is a reservation and its confirmation, two commits.
/// Two figures each: operations per second, microseconds of CPU for one.
func ledgerBenchmark(_ bench: Bench) async throws {
    let seconds = 1.5
    for groups in [true, false] {
        for callers in [1, 8, 32] {
            let suffix = "\(groups ? "grouped" : "single").c\(callers)"
            try await LedgerBenchmark(groups: groups).measure(bench, "ledger.intent.\(suffix)", callers, seconds) {
                ledger,
                _ in
                _ = try await ledger.recordIntent(LedgerBenchmark.prepared(octets: 1_536), at: LedgerBenchmark.now)
            }
            try await LedgerBenchmark(groups: groups).measure(bench, "ledger.enroll.\(suffix)", callers, seconds) {
                ledger,
                caller in
                try await LedgerBenchmark.enroll(on: ledger, user: "user-\(caller)-\(UInt32.random(in: 0..<500))")
            }
        }
    }
}

/// One fresh database for one measurement.
struct LedgerBenchmark {
    static let now = Timestamp(seconds: 1_790_000_000)

    let groups: Bool

    func measure(
        _ bench: Bench,
        _ name: String,
        _ callers: Int,
        _ seconds: Double,
        _ operation: @escaping @Sendable (SQLiteLedger, Int) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        var settings = LedgerSettings(path: folder.path + "/ledger.sqlite")
        if !self.groups { settings.largestGroup = 1 }
        let ledger = try await SQLiteLedger.open(settings, logger: Logger(label: "benchmark"))
        let clock = ContinuousClock()
        let begin = clock.now
        let cpu = ProcessCost.ownMicroseconds
        let end = begin.advanced(by: .seconds(seconds))
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var done = 0
                    while clock.now < end {
                        try await operation(ledger, caller)
                        done += 1
                    }
                    return done
                }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = begin.duration(to: clock.now) / .seconds(1)
        let spent = (ProcessCost.ownMicroseconds - cpu) / Double(max(1, done))
        bench.add(.context("\(name).rate", Double(done) / elapsed, "1/s"))
        bench.add(.cost("\(name).cpu", spent, "us"))
        await ledger.close()
        try FileManager.default.removeItem(at: folder)
    }

    /// Different each time and nearly free: the system's generator would cost more than the store.
    static func octets(_ count: Int) -> [UInt8] {
        var state = UInt64.random(in: 0 ... .max)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count {
                // SplitMix64, one octet a round.
                state &+= 0x9e37_79b9_7f4a_7c15
                let mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
                buffer[index] = UInt8(truncatingIfNeeded: mixed >> 56)
            }
            filled = count
        }
    }

    static func prepared(octets: Int, shard: Int? = nil) -> PreparedCertificate {
        let draft = CertificateDraft(
            profile: ProfileName(name: "device", version: 1),
            serialNumber: SerialNumber(node: 1, random: Self.octets(16)),
            issuerID: "2026-a",
            subject: [],
            validity: Validity(from: Self.now, backdatedBy: 300, days: 365, within: nil),
            publicKeyInfo: [],
            role: .endEntity,
            keyUsage: .digitalSignature,
            purposes: [.clientAuth],
            alternativeNames: [],
            crlShard: shard
        )
        return PreparedCertificate(
            draft: draft,
            toBeSigned: Self.octets(octets),
            toBeSignedDigest: Self.octets(32),
            keyDigest: Self.octets(32),
            subject: "CN=6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1,O=Example"
        )
    }
}
