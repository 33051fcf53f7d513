internal import Authority
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import Logging
internal import OpenSSLKit
internal import SQLText
internal import SQLiteKit

/// Another passphrase for a store with ten issuers and eleven services, as `ca reseal` gives it: what scrypt takes of it, and
/// what the keys do; again with a hundred thousand accounts sealed in the outbox, which stay as they are.
func resealBenchmark(_ bench: Bench) async throws {
    let place = try ResealPlace()
    let vault = try await place.found()
    let former = try await ResealRun(place: place, name: "reseal").measure(bench, vault, rounds: bench.rounds)
    try place.fillOutbox(ResealPlace.accounts, sealedBy: former)
    let name = "reseal.\(ResealPlace.accounts)"
    let last = try await ResealRun(place: place, name: name).measure(bench, former, rounds: bench.rounds)
    try place.openAccounts(with: last)
    try place.remove()
}

/// A store of its own, of which only keys matter here.
private struct ResealPlace {
    static let accounts = 100_000
    static let issuers = 10
    private static let purpose = "account/benchmark"
    private static let account = Array(String(repeating: "ab", count: 40).utf8)

    let folder: URL

    private var path: String { self.folder.appending(path: "ledger.sqlite").path }

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "reseal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: false)
    }

    func remove() throws { try FileManager.default.removeItem(at: self.folder) }

    func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(LedgerSettings(path: self.path), logger: Logger(label: "benchmark"))
    }

    /// Ten issuers, an OCSP responder for each, and the listeners.
    func found() async throws -> Vault {
        let (vault, parameters) = try Vault.create(passphrase: SecretOctets([0]))
        let ledger = try await self.open()
        try await ledger.storeSealingParameters(parameters)
        for number in 1...Self.issuers {
            let id = "issuer-\(number)"
            let (certificate, receipt) = try await Self.certificate(ledger)
            let issuer = IssuerRecord(
                id: id,
                role: number == 1 ? .root : .issuing,
                state: .active,
                signedBy: "issuer-1",
                certificate: certificate.der,
                key: .sealed(try vault.seal(try SigningKey.generate(.ecdsaP256), of: id)),
                created: LedgerBenchmark.now
            )
            try await ledger.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
        }
        for use in ["tls"] + (1...Self.issuers).map({ "ocsp/issuer-\($0)" }) {
            let (certificate, receipt) = try await Self.certificate(ledger)
            let record = ServiceCertificateRecord(
                use: use,
                serialNumber: certificate.serialNumber,
                chain: [certificate.der],
                sealedKey: try vault.seal(try SigningKey.generate(.ecdsaP256), of: use),
                notAfter: certificate.validity.notAfter
            )
            try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
        }
        await ledger.close()
        return vault
    }

    private static func certificate(_ ledger: SQLiteLedger) async throws -> (IssuedCertificate, IntentReceipt) {
        let prepared = LedgerBenchmark.prepared(octets: 620)
        let receipt = try await ledger.recordIntent(prepared, at: LedgerBenchmark.now)
        let certificate = IssuedCertificate(
            serialNumber: receipt.serialNumber,
            issuerID: prepared.draft.issuerID,
            der: prepared.toBeSigned + LedgerBenchmark.octets(90),
            thumbprint: LedgerBenchmark.octets(32),
            windowsThumbprint: LedgerBenchmark.octets(20),
            validity: prepared.draft.validity
        )
        return (certificate, receipt)
    }

    func fillOutbox(_ count: Int, sealedBy vault: Vault) throws {
        let sealed = try vault.seal(Self.account, for: Self.purpose)
        let connection = try SQLiteConnection(path: self.path, access: .readWrite)
        let statement = try connection.prepare(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO outbox (event, kind, generation, recorded, sealed_account)
            SELECT CAST(printf('e%015d', i) AS BLOB), 'enrolled', 1, ?2, ?3 FROM n
            """
        )
        try statement.bind(count, at: 1)
        try statement.bind(LedgerBenchmark.now.microseconds, at: 2)
        try statement.bind(sealed, at: 3)
        try statement.run()
    }

    /// What was sealed before every change of the passphrase still opens.
    func openAccounts(with vault: Vault) throws {
        let connection = try SQLiteConnection(path: self.path, access: .readOnly)
        let statement = try connection.prepare("SELECT sealed_account FROM outbox ORDER BY ordinal LIMIT 1")
        guard try statement.step() else { throw BenchmarkProblem("the outbox is empty") }
        let opened = try vault.open(statement.octets(0), for: Self.purpose).withOctets { Array($0) }
        guard opened == Self.account else { throw BenchmarkProblem("an account is not what it was") }
    }
}

private struct ResealRun {
    let place: ResealPlace
    let name: String

    /// - Returns: The vault as the last round left it.
    func measure(_ bench: Bench, _ vault: Vault, rounds: Int) async throws -> Vault {
        let ledger = try await self.place.open()
        var vault = vault
        var figures: [String: [Double]] = [:]
        for round in 1...rounds {
            let passphrase = [UInt8(round)]
            let parameters = vault.parameters
            var next = vault
            let scrypt = try Self.milliseconds {
                // As often as the plan derives a key.
                _ = try Vault.create(passphrase: SecretOctets(passphrase))
            }
            let keys = try await ledger.sealedKeys()
            guard keys.parameters == parameters else { throw BenchmarkProblem("the store has other parameters") }
            var change = Resealing()
            let plan = try Self.milliseconds {
                (change, next) = try Resealer(keys, vault: vault).plan(passphrase: SecretOctets(passphrase))
            }
            let begin = ContinuousClock.now
            try await ledger.reseal(change, act: try Self.act())
            let commit = begin.duration(to: .now) / .milliseconds(1)
            for (what, value) in [
                ("scrypt", scrypt), ("keys", max(0, plan - scrypt)), ("commit", commit), ("all", plan + commit),
            ] { figures[what, default: []].append(value) }
            vault = next
        }
        await ledger.close()
        for what in ["scrypt", "keys", "commit", "all"] {
            bench.add(.cost("\(self.name).\(what)", (figures[what] ?? []).median, "ms"))
        }
        return vault
    }

    private static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
        let begin = ContinuousClock.now
        try body()
        return begin.duration(to: .now) / .milliseconds(1)
    }

    private static func act() throws -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
            verb: .reseal,
            actor: "benchmark",
            reason: "benchmark",
            ticket: nil,
            time: LedgerBenchmark.now
        )
    }
}
