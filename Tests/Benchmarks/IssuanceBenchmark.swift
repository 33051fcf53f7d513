internal import Authority
internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import Logging
internal import OpenSSLKit

/// Issuance in process, one after the other: inspection, lint by trial issuance, signature; then with the ledger around.
func issuanceBenchmark(_ bench: Bench) async throws {
    for algorithm in ServiceUnderTest.Algorithm.allCases {
        let service = try await ServiceUnderTest(bench, algorithm)
        let issuance = try await IssuanceInProcess(service)
        let count = 2_000
        let messages = try (0..<count).map {
            try RequestMessage(device: $0, user: "\(Bench.uid($0 % Bench.users))@corp.example")
        }
        let requests = try messages.map { try $0.enrollmentRequest() }
        for request in requests.prefix(50) { try await issuance.certify(request) }
        var costs: [Double] = []
        for _ in 0..<bench.rounds {
            let before = ProcessCost.ownMicroseconds
            for request in requests { try await issuance.certify(request) }
            costs.append((ProcessCost.ownMicroseconds - before) / Double(count))
        }
        bench.add(.cost("issuance.\(algorithm.word).certify.cpu", costs.median, "us"))
        let before = ProcessCost.ownMicroseconds
        let start = ContinuousClock.now
        for request in requests { _ = try await issuance.service.enroll(request) }
        let seconds = start.duration(to: .now) / .seconds(1)
        let spent = ProcessCost.ownMicroseconds - before
        bench.add(.cost("issuance.\(algorithm.word).enroll.cpu", spent / Double(count), "us"))
        bench.add(.context("issuance.\(algorithm.word).enroll.rate", Double(count) / seconds, "1/s"))
        await issuance.ledger.close()
    }
}

/// The use case with its real parts but the directory.
private struct IssuanceInProcess {
    let ledger: SQLiteLedger
    let service: EnrollmentService
    private let authority: LocalAuthority
    private let policy: IssuancePolicy

    private struct Anyone: CredentialVerifier {
        func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser { user(credential) }
    }

    private static func user(_ credential: Credential) -> DirectoryUser {
        DirectoryUser(id: credential.claimedName, principalName: credential.claimedName, source: "benchmark")
    }

    private struct SystemTime: WallClock {
        var now: Timestamp { Timestamp(seconds: Int64(Date().timeIntervalSince1970)) }
    }

    init(_ place: ServiceUnderTest) async throws {
        let profile = try ProfileFile.parse(
            String(contentsOfFile: place.profilePath, encoding: .utf8),
            file: "device.json5"
        )
        let passphrase = try Data(contentsOf: URL(filePath: place.passphrasePath))
        self.ledger = try await SQLiteLedger.open(
            LedgerSettings(path: place.storePath),
            logger: Logger(label: "benchmark")
        )
        let text = String(decoding: passphrase, as: UTF8.self).trimmingCharacters(in: .newlines)
        let vault = try Vault(
            passphrase: SecretOctets(Array(text.utf8)),
            parameters: try await self.ledger.sealingParameters() ?? []
        )
        self.authority = try LocalAuthority(records: try await self.ledger.issuers(), keys: vault)
        self.policy = IssuancePolicy(
            profile: profile,
            addresses: AuthorityAddresses(base: "http://localhost:8080", shardCount: 8)
        )
        self.service = EnrollmentService(
            ports: EnrollmentService.Ports(
                verifier: Anyone(),
                inspector: CertificationRequestInspector(),
                authority: self.authority,
                ledger: self.ledger,
                sealer: vault,
                clock: SystemTime(),
                random: OpenSSLRandomSource()
            ),
            policy: self.policy,
            limits: DeviceLimitPolicy(defaultMaximum: 1_000_000),
            node: 1
        )
    }

    /// Everything between a request and its certificate that needs no store.
    func certify(_ request: EnrollmentRequest) async throws {
        let proven = try CertificationRequestInspector().inspect(request.certificateRequest)
        let random = OpenSSLRandomSource()
        let draft = self.policy.draft(
            for: DeviceID(random: try random.octets(16)),
            of: Self.user(request.credential),
            type: .full,
            key: proven,
            serialNumber: SerialNumber(node: 1, random: try random.octets(SerialNumber.randomOctets)),
            issuer: self.authority.activeIssuer,
            at: SystemTime().now
        )
        let prepared = try await self.authority.prepare(draft)
        // The store is left out: the receipt is the one it would give.
        let receipt = IntentReceipt(
            serialNumber: draft.serialNumber,
            toBeSignedDigest: prepared.toBeSignedDigest
        )
        _ = try await self.authority.sign(IssuanceTicket(for: prepared, recordedAs: receipt))
    }
}
