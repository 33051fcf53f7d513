import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit

/// An offline root and a new place that waits for it.
struct CeremonyScene {
    static let passphrase = Redacted(Array("tick tock".utf8))

    let ledger = InMemoryLedger()
    let vault: Vault
    let root: OfflineRoot
    let shares: [KeyShare]
    let service: CeremonyService

    init(
        protection: OfflineRoot.Protection = .passphrase(Self.passphrase),
        root type: KeyType = .ecdsaP384
    ) async throws {
        self.vault = try Vault.create(passphrase: SecretOctets(Array("service".utf8))).vault
        (self.root, self.shares) = try await Self.makeRoot(protection, type)
        self.service = CeremonyService(
            ledger: self.ledger,
            vault: self.vault,
            clock: StoppedClock(),
            random: OpenSSLRandomSource(),
            addresses: Founding.addresses,
            node: 7
        )
        let profile = try ShippedProfile.read("root")
        _ = try await self.service.adopt(root: self.root.certificate, id: "R1", profile: profile)
    }

    static func makeRoot(
        _ protection: OfflineRoot.Protection = .passphrase(Self.passphrase),
        _ type: KeyType = .ecdsaP256,
        id: String = "R1"
    ) async throws -> (OfflineRoot, [KeyShare]) {
        var recorded = 0
        let made = try await OfflineRoot.make(
            OfflineRoot.Order(id: id, organization: "Contoso", key: type, profile: try ShippedProfile.read("root")),
            protectedBy: protection,
            clock: StoppedClock(),
            random: OpenSSLRandomSource()
        ) { _ in recorded += 1 }
        precondition(recorded == 1)
        return made
    }

    static func act(_ verb: AdministrativeAct.Verb = .prepareIssuer) throws -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
            verb: verb,
            actor: "kim@gate-01",
            reason: "a test",
            ticket: nil,
            time: StoppedClock().now
        )
    }

    func ask(_ id: String = "2026-A", as kind: CeremonyRecord.Kind = .founding) async throws -> CeremonyService.Asked {
        var order = CeremonyService.Order(
            id: id,
            organization: "Contoso",
            key: .ecdsaP256,
            profile: try ShippedProfile.read("issuing"),
            listDays: 90
        )
        order.notes = CeremonyService.notes(serverNames: ["mdm.contoso.example"], key: .ecdsaP256)
        return try await self.service.askForIssuer(order, as: kind, keys: self.vault, act: try Self.act())
    }

    func opened() throws -> OpenedRoot { try self.root.open(passphrase: Self.passphrase, shares: []) }

    /// As the offline machine does: from the file alone.
    func answer(_ file: String) async throws -> [UInt8] {
        let request = try CeremonyFile.request(in: Array(file.utf8))
        let response = try await self.opened().sign(request, actor: "pat@vault", now: StoppedClock().now)
        return Array(try CeremonyFile.encode(response).utf8)
    }

    func take(_ file: [UInt8]) async throws -> CeremonyService.Taken {
        try await self.service.take(
            file,
            act: try Self.act(.importCeremony),
            profiles: CeremonyService.Profiles(
                device: try ShippedProfile.read("device"),
                issuing: try ShippedProfile.read("issuing"),
                server: try ShippedProfile.read("server")
            )
        )
    }
}
