import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import OpenSSLKit

/// A clock that stands still: 2026-11-20T12:00:00Z.
struct StoppedClock: WallClock {
    let now = Timestamp(seconds: 1_795_176_000)
}

/// The profiles that the product comes with.
enum ShippedProfile {
    static func read(_ name: String) throws -> CertificateProfile {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "PKI/profiles/\(name).json5")
        return try ProfileFile.parse(try String(contentsOf: file, encoding: .utf8), file: "\(name).json5")
    }
}

/// A new authority in a ledger without a disk.
struct Founding: Sendable {
    static let addresses = AuthorityAddresses(base: "http://pki.contoso.example", shardCount: 4)

    /// One for all, because it is made slowly by design.
    private static let sharedVault = Result {
        try Vault.create(passphrase: SecretOctets(Array("correct horse".utf8))).vault
    }

    let ledger: InMemoryLedger
    let vault: Vault
    let result: AuthorityFounder.Result
    let authority: LocalAuthority
    /// Where keys that are not in the vault are.
    let tokens: TokenKeys

    init(
        root: KeyType = .ecdsaP256,
        issuer: KeyType = .ecdsaP256,
        server: KeyType = .ecdsaP256
    ) async throws {
        try await self.init(try Self.plan(root: root, issuer: issuer, server: server))
    }

    /// - Parameters:
    ///   - plan: What it is to be.
    ///   - tokens: The configured tokens.
    ///   - seat: The name of the one on which the authorities' keys are made; `nil` for the vault.
    /// - Throws: Whatever founding throws.
    init(_ plan: AuthorityFounder.Plan, tokens: TokenKeys = TokenKeys([]), on seat: String? = nil) async throws {
        self.tokens = tokens
        self.ledger = InMemoryLedger()
        self.vault = try Self.sharedVault.get()
        let founder = AuthorityFounder(
            ledger: self.ledger,
            vault: self.vault,
            rootKeys: try seat.map { try TokenKeyMaker($0, of: tokens, random: OpenSSLRandomSource()) },
            issuerKeys: try seat.map { try TokenKeyMaker($0, of: tokens, random: OpenSSLRandomSource()) },
            clock: StoppedClock(),
            random: OpenSSLRandomSource()
        )
        self.result = try await founder.found(plan)
        self.authority = try LocalAuthority(
            records: try await self.ledger.issuers(),
            keys: KeyRing(vault: self.vault, tokens: tokens)
        )
    }

    static func plan(
        root: KeyType = .ecdsaP256,
        issuer: KeyType = .ecdsaP256,
        server: KeyType = .ecdsaP256
    ) throws -> AuthorityFounder.Plan {
        AuthorityFounder.Plan(
            organization: "Contoso",
            rootID: "root-2026",
            issuerID: "2026-a",
            rootKey: root,
            issuerKey: issuer,
            serverKey: server,
            rootProfile: try ShippedProfile.read("root"),
            issuingProfile: try ShippedProfile.read("issuing"),
            serverProfile: try ShippedProfile.read("server"),
            serverNames: ["mdm.contoso.example", "enterpriseenrollment.contoso.example", "192.0.2.1", "2001:db8::1"],
            addresses: Self.addresses,
            node: 1
        )
    }

    /// What a device with `key` would get.
    func draft(_ key: ProvenRequest) throws -> CertificateDraft {
        IssuancePolicy(profile: try ShippedProfile.read("device"), addresses: Self.addresses).draft(
            for: DeviceID(random: try SystemRandom.octets(16)),
            of: DirectoryUser(
                id: "0b7c54c4-6f0e-4a53-9a0b-3a8b8f2f7e11",
                principalName: "ann@contoso.example",
                source: "test"
            ),
            type: .full,
            key: key,
            serialNumber: SerialNumber(node: 1, random: try SystemRandom.octets(16)),
            issuer: self.authority.activeIssuer,
            at: StoppedClock().now
        )
    }

    /// Prepares, records and signs, as an enrollment does.
    func issue(_ draft: CertificateDraft) async throws -> IssuedCertificate {
        let prepared = try await self.authority.prepare(draft)
        let receipt = try await self.ledger.recordIntent(prepared, at: StoppedClock().now)
        return try await self.authority.sign(try IssuanceTicket(for: prepared, recordedAs: receipt))
    }

    /// A key that a device has just made, with the proof that it holds it.
    static func proven(_ type: KeyType = .ecdsaP256) throws -> ProvenRequest {
        let key = try SigningKey.generate(type)
        return try CertificationRequestInspector().inspect(try ForgedRequest(for: key).signed(by: key).der)
    }
}
