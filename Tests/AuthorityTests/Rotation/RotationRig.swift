import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit

/// A founded authority with the services of key rotation around it, over a store that can be made to fail.
struct RotationRig: Sendable {
    let founding: Founding
    let store: FailingStore
    let service: RotationService
    let clock: ManualClock

    init() async throws {
        let founding = try await Founding()
        self.founding = founding
        self.store = FailingStore(founding.ledger)
        self.clock = ManualClock(StoppedClock().now)
        self.service = try Self.service(over: self.store, founding.vault, self.clock)
    }

    static func service(
        over store: any RotationService.Store,
        _ vault: Vault,
        _ clock: any WallClock
    ) throws -> RotationService {
        let keys = IssuerKeys(ledger: store, keys: vault)
        return RotationService(
            RotationService.Ports(
                ledger: store,
                keys: vault,
                vault: vault,
                keyMaker: SealedKeyMaker(vault: vault),
                publisher: CRLPublisher(
                    ledger: store,
                    keys: keys,
                    addresses: Founding.addresses,
                    clock: clock,
                    schedule: CRLSchedule(),
                    holder: "test"
                ),
                issuerKeys: keys,
                clock: clock,
                random: OpenSSLRandomSource()
            ),
            rules: RotationService.Rules(
                root: try ShippedProfile.read("root"),
                issuing: try ShippedProfile.read("issuing"),
                device: try ShippedProfile.read("device"),
                addresses: Founding.addresses,
                node: 1,
                adoptionThreshold: 95
            )
        )
    }

    func act(_ verb: RotationVerb) throws -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: try SystemRandom.octets(TraceID.randomOctets)),
            verb: verb.act,
            actor: "test",
            reason: "because",
            ticket: nil,
            time: self.clock.now
        )
    }

    @discardableResult
    func prepare(_ id: String, _ role: IssuerRecord.Role = .issuing) async throws -> IssuerRecord {
        let order = RotationService.Order(id: id, role: role, key: .ecdsaP256)
        return try await self.service.prepare(order, by: try self.act(.prepare))
    }

    func perform(_ verb: RotationVerb, _ id: String) async throws {
        try await self.service.perform(verb, id, by: try self.act(verb))
    }

    func state(_ id: String) async throws -> IssuerRecord.State? {
        try await self.founding.ledger.issuers().first { $0.id == id }?.state
    }

    func certificate(_ id: String) async throws -> [UInt8] {
        try await self.founding.ledger.issuers().first { $0.id == id }?.certificate ?? []
    }

    func link(_ subject: String, by signer: String) async throws -> [UInt8] {
        try await self.store.links().first { $0.subjectID == subject && $0.signedBy == signer }?.certificate ?? []
    }

    /// A device's certificate by whoever signs now, recorded but not handed out.
    func leaf() async throws -> [UInt8] {
        let authority = try LocalAuthority(
            records: try await self.founding.ledger.issuers(),
            keys: self.founding.vault
        )
        let draft = IssuancePolicy(profile: try ShippedProfile.read("device"), addresses: Founding.addresses).draft(
            for: DeviceID(random: try SystemRandom.octets(16)),
            of: DirectoryUser(id: "1", principalName: "ann@contoso.example", source: "test"),
            type: .full,
            key: try Founding.proven(),
            serialNumber: SerialNumber(node: 1, random: try SystemRandom.octets(16)),
            issuer: authority.activeIssuer,
            at: self.clock.now
        )
        let prepared = try await authority.prepare(draft)
        // A receipt of the test's own, so that nothing hangs on the issuer.
        let receipt = IntentReceipt(
            serialNumber: draft.serialNumber,
            toBeSignedDigest: prepared.toBeSignedDigest
        )
        return try await authority.sign(try IssuanceTicket(for: prepared, recordedAs: receipt)).der
    }
}
