internal import Authority
internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import OpenSSLKit
internal import X509Kit

/// CRLs and OCSP answers in process, without store and network.
func revocationMakingBenchmark(_ bench: Bench) async throws {
    let place = try await RevocationPlace()
    try listBenchmark(bench, place)
    try await ocspMakingBenchmark(bench, place)
}

/// One shard of 100 000 entries: written, hashed, signed, verified, read back and judged, as before a publication.
private func listBenchmark(_ bench: Bench, _ place: RevocationPlace) throws {
    let issuer = try Certificate(der: place.issuer)
    let key = try SigningKey.generate(.ecdsaP256)
    let verifying = try key.verifyingKey()
    let url = "http://localhost:8080/pki/crl/2026-a/0.crl"
    let now = Int64(Date().timeIntervalSince1970)
    let serials = (0..<100_000).map { index in
        [1] + (0..<16).map { UInt8(truncatingIfNeeded: index >> ($0 % 4 * 8)) ^ UInt8($0) }
    }
    var milliseconds: [Double] = []
    for _ in 0..<bench.rounds {
        let before = ProcessCost.ownMicroseconds
        var writer = try RevocationListWriter(
            RevocationListBody(
                scheme: .ecdsaWithSHA256,
                issuer: issuer.subject,
                authorityKeyIdentifier: issuer.subjectKeyIdentifier ?? [],
                number: 1,
                thisUpdate: now,
                nextUpdate: now + 86_400,
                nextPublish: now + 21_600,
                distributionPoint: url
            ),
            expectedEntries: serials.count
        )
        for serial in serials { try writer.append(serialNumber: serial, revokedAt: now - 60, reason: .superseded) }
        let toBeSigned = writer.finish()
        _ = try Digest.sha256(toBeSigned)
        let signature = try key.sign(toBeSigned)
        guard try verifying.verifies(signature, over: toBeSigned, with: .ecdsa(.sha256)) else {
            throw BenchmarkProblem("a CRL's signature does not verify")
        }
        let der = try RevocationListWriter.list(toBeSigned: toBeSigned, scheme: .ecdsaWithSHA256, signature: signature)
        let findings = RevocationListLint.findings(in: der, issuer: issuer, distributionPoint: url)
        guard findings.isEmpty else { throw BenchmarkProblem("a CRL breaks rules: \(findings)") }
        milliseconds.append((ProcessCost.ownMicroseconds - before) / 1_000)
    }
    bench.add(.cost("revocation.crl.100000.cpu", milliseconds.median, "ms"))
}

/// Questions about a thousand certificates: each answered afresh, then from the cache.
private func ocspMakingBenchmark(_ bench: Bench, _ place: RevocationPlace) async throws {
    let questions = try await place.questions(1_000)
    var cold: [Double] = []
    for _ in 0..<bench.rounds {
        let responder = try await place.responder()
        let before = ProcessCost.ownMicroseconds
        for question in questions {
            guard await responder.answer(question).answer.isCacheable else {
                throw BenchmarkProblem("an OCSP question was not answered")
            }
        }
        cold.append((ProcessCost.ownMicroseconds - before) / Double(questions.count))
    }
    bench.add(.cost("revocation.ocsp.fresh.cpu", cold.median, "us"))

    let responder = try await place.responder()
    for question in questions { _ = await responder.answer(question) }
    var cached: [Double] = []
    for _ in 0..<bench.rounds {
        let before = ProcessCost.ownMicroseconds
        for _ in 0..<100 {
            for question in questions where responder.cached(for: question) == nil {
                throw BenchmarkProblem("an OCSP answer was not kept")
            }
        }
        cached.append((ProcessCost.ownMicroseconds - before) / Double(questions.count * 100))
    }
    bench.add(.cost("revocation.ocsp.cached.cpu", cached.median, "us"))
}

/// An authority in memory with a responder.
private struct RevocationPlace {
    private let ledger = InMemoryLedger()
    private let vault: Vault
    private let keys: IssuerKeys
    private let authority: LocalAuthority
    private let clock = ManualClock(Timestamp(seconds: Int64(Date().timeIntervalSince1970)))
    private let addresses = AuthorityAddresses(base: "http://localhost:8080", shardCount: 4)
    let issuer: [UInt8]

    init() async throws {
        self.vault = try Vault.create(passphrase: SecretOctets(Array("benchmark".utf8))).vault
        let founder = AuthorityFounder(
            ledger: self.ledger,
            vault: self.vault,
            clock: self.clock,
            random: OpenSSLRandomSource()
        )
        let result = try await founder.found(
            AuthorityFounder.Plan(
                organization: "Benchmark",
                rootID: "R1",
                issuerID: "2026-a",
                rootKey: .ecdsaP256,
                issuerKey: .ecdsaP256,
                serverKey: .ecdsaP256,
                rootProfile: try Self.profile("root"),
                issuingProfile: try Self.profile("issuing"),
                serverProfile: try Self.profile("server"),
                serverNames: ["localhost"],
                addresses: self.addresses,
                node: 1
            )
        )
        self.issuer = result.issuer.der
        self.keys = IssuerKeys(ledger: self.ledger, keys: self.vault)
        self.authority = try LocalAuthority(records: try await self.ledger.issuers(), keys: self.vault)
        try await self.keys.refresh()
        let keeper = ServiceCertificateKeeper(
            ledger: self.ledger,
            keys: self.keys,
            vault: self.vault,
            clock: self.clock,
            random: OpenSSLRandomSource(),
            settings: ServiceCertificateKeeper.Settings(
                serverProfile: nil,
                serverNames: [],
                responderProfile: try Self.profile("ocsp"),
                addresses: self.addresses,
                node: 1
            ),
            onRenewed: { _ in }
        )
        if let failure = await keeper.renewDue().failures.first { throw failure.error }
    }

    func responder() async throws -> OCSPResponder {
        let responder = OCSPResponder(
            ledger: self.ledger,
            authority: self.ledger,
            vault: self.vault,
            keys: self.keys,
            clock: self.clock
        )
        _ = try await responder.follow()
        return responder
    }

    /// A question about each of so many certificates that were perhaps signed, which are good.
    func questions(_ count: Int) async throws -> [[UInt8]] {
        let wording = try OCSPQuestions(issuer: self.issuer)
        let publicKeyInfo = try SigningKey.generate(.ecdsaP256).publicKeyInfo
        let policy = IssuancePolicy(profile: try Self.profile("device"), addresses: self.addresses)
        var questions: [[UInt8]] = []
        for _ in 0..<count {
            let draft = policy.draft(
                for: DeviceID(random: try SystemRandom.octets(16)),
                of: DirectoryUser(id: "u", principalName: "u@corp.example", source: "benchmark"),
                type: .device,
                key: ProvenRequest(publicKeyInfo: publicKeyInfo, algorithm: .ecdsaP256),
                serialNumber: SerialNumber(node: 1, random: try SystemRandom.octets(SerialNumber.randomOctets)),
                issuer: self.authority.activeIssuer,
                at: self.clock.now
            )
            let prepared = try await self.authority.prepare(draft)
            _ = try await self.ledger.recordIntent(prepared, at: self.clock.now)
            questions.append(wording.question(about: draft.serialNumber))
        }
        return questions
    }

    private static func profile(_ name: String) throws -> CertificateProfile {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "PKI/profiles/\(name).json5")
        return try ProfileFile.parse(try String(contentsOf: file, encoding: .utf8), file: "\(name).json5")
    }
}
