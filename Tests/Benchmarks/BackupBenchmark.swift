internal import Authority
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import OpenSSLKit

/// A backup of a hundred thousand devices: its image, its encryption, its verification and its restoration, both stores.
func backupBenchmark(_ bench: Bench) async throws {
    let certificates = bench.fleet * 5 / 4
    try await bench.postgres().withDatabase { database in
        // Founds the store; it is never served.
        let service = try await ServiceUnderTest(bench, .p256, store: .postgres(database))
        let place = PostgresPlace(database)
        let ledger = try await place.ledger()
        let issuer = try await ledger.issuers().first { $0.role != .root }?.id
        await ledger.close()
        guard let issuer else { throw BenchmarkProblem("the store has no issuer") }
        try await PostgresFill(place: place, count: certificates).run(issuer: issuer)
        let settings = PostgresLedgerSettings(address: place.address, password: place.password)
        try await BackupRun(bench: bench, folder: FileManager.default.temporaryDirectory.path)
            .measure(.postgres(settings))
        withExtendedLifetime(service) {}
    }
}

private struct BackupRun {
    let bench: Bench
    let folder: String

    private var name: String { "backup.\(self.bench.fleet)" }

    func measure(_ postgres: StorePlace) async throws {
        let digest: StoreDigest = { try Digest.sha256($0) }
        let image = try StoreImage(in: self.folder)
        try await self.time("image.postgres") { _ = try await image.fill(from: postgres, digest: digest) }
        let file = self.folder + "/benchmark-\(UUID().uuidString)"
        defer { unlink(file) }
        try await self.time("write") { try Self.write(image.descriptor, to: file) }
        let copy = try StoreImage(in: self.folder)
        try await self.time("read") { try Self.read(file, to: copy.descriptor) }
        _ = try await copy.open()
        try await self.time("digests") { _ = try await copy.facts(digest: digest) }
        try await self.time("check") { _ = try await copy.check(naming: 1, digest: digest) }
        let target = self.folder + "/benchmark-\(UUID().uuidString).db"
        defer { for ending in ["", "-wal", "-shm"] { unlink(target + ending) } }
        try await self.time("restore.sqlite") {
            _ = try await copy.restore(to: .sqlite(path: target), replacing: false, by: try Self.order())
        }
        try await self.time("restore.postgres") {
            _ = try await copy.restore(to: postgres, replacing: true, by: try Self.order())
        }
        let second = try StoreImage(in: self.folder)
        try await self.time("image.sqlite") { _ = try await second.fill(from: .sqlite(path: target), digest: digest) }
        self.bench.add(.cost("\(self.name).peak", try ProcessCost.memory("VmHWM", of: getpid()), "MiB"))
    }

    private func time(_ what: String, _ body: () async throws -> Void) async throws {
        let begin = ContinuousClock.now
        try await body()
        self.bench.add(.cost("\(self.name).\(what)", begin.duration(to: .now) / .seconds(1), "s"))
    }

    private static func order() throws -> RestoreOrder {
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let act = AdministrativeAct(
            traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
            verb: .restore,
            actor: "benchmark",
            reason: "benchmark",
            ticket: nil,
            time: now
        )
        return RestoreOrder(act: act, facts: [], made: now, loss: RestoreLoss())
    }

    private static func write(_ image: Int32, to file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw BenchmarkProblem("no file for the backup") }
        defer { close(descriptor) }
        let writer = try BackupWriter(to: descriptor, passphrase: SecretOctets([1]), header: try .fresh())
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: off_t = 0
        while true {
            let count = pread(image, &buffer, buffer.count, offset)
            guard count > 0 else { break }
            try writer.append(buffer[..<count])
            offset += off_t(count)
        }
        _ = try writer.finish()
        fsync(descriptor)
    }

    private static func read(_ file: String, to image: Int32) throws {
        let descriptor = open(file, O_RDONLY)
        guard descriptor >= 0 else { throw BenchmarkProblem("no backup") }
        defer { close(descriptor) }
        let reader = try BackupReader(from: descriptor, passphrase: SecretOctets([1]))
        var offset: off_t = 0
        while let piece = try reader.takeSome() {
            guard pwrite(image, piece, piece.count, offset) == piece.count else { throw BenchmarkProblem("no room") }
            offset += off_t(piece.count)
        }
    }
}
