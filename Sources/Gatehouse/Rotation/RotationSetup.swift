import Authority
import EnrollmentCore
import Ledger

/// Makes the services of key rotation that a running service needs, for whichever configuration is in effect.
struct RotationSetup: Sendable {
    private let foundation: ServiceGraph.Foundation
    private let keys: IssuerKeys
    private let publisher: CRLPublisher

    init(on foundation: ServiceGraph.Foundation, _ revocation: RevocationSetup) {
        self.foundation = foundation
        self.keys = revocation.keys
        self.publisher = revocation.publisher
    }

    /// What is still to be revoked of compromised issuers.
    func compromises(_ rotation: KeyRotation) async throws(EnrollmentError) -> [CompromiseStanding] {
        try await CompromiseStanding.read(from: self.foundation.ledger, rotation)
    }

    func service(_ configuration: Configuration, _ profiles: ProfileFolder) -> RotationService {
        RotationService(
            RotationService.Ports(
                ledger: self.foundation.ledger,
                keys: self.foundation.keys,
                vault: self.foundation.vault,
                keyMaker: SeatedKeyMaker(
                    self.foundation.vault,
                    self.foundation.tokens,
                    configuration.keySeats(on: self.foundation.tokens),
                    random: OpenSSLRandomSource()
                ),
                publisher: self.publisher,
                issuerKeys: self.keys,
                clock: SystemClock(),
                random: OpenSSLRandomSource()
            ),
            rules: RotationService.Rules(
                root: profiles.root,
                issuing: profiles.issuing,
                device: profiles.device,
                addresses: self.foundation.addresses,
                node: configuration.node,
                adoptionThreshold: configuration.rotation.adoptionThreshold
            )
        )
    }
}
