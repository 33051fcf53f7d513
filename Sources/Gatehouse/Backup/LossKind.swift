import EnrollmentCore
import Ledger

/// What a restore can lose, each of which has to be accepted by name.
enum LossKind: String, CaseIterable, Sendable {
    case crls
    case certificates
    case revocations
    case issuers
    /// Who was let in by tokens and permits that were ended since.
    case access
    /// Nobody knows what was lost.
    case unknown

    /// As the option is written.
    var option: String { self == .unknown ? "--accept-unknown" : "--accept-lost-\(self.rawValue)" }

    /// As the act's record has it.
    var fact: Fact { Fact("accepted", self == .unknown ? "unknown" : "lost \(self.rawValue)") }

    /// Whether the loss is of this kind, too.
    func concerns(_ loss: RestoreLoss) -> Bool {
        switch self {
        case .crls: !loss.numberings.isEmpty
        case .certificates: !loss.certificates.isEmpty
        case .revocations: !loss.revocations.isEmpty || !loss.strangers.isEmpty || !loss.blockedKeys.isEmpty
        case .issuers: !loss.issuers.isEmpty
        case .access: !loss.access.isNone
        case .unknown: loss.isUnknown
        }
    }

    /// What accepting it means.
    var meaning: String {
        switch self {
        case .crls:
            "CRLs were published that the backup does not know. Their numbers are passed over, so that no client sees a"
                + " number twice or a lower one; what was on them and is not named here is on no CRL any more."
        case .certificates:
            "Certificates were issued that the backup does not know. They stay valid until they end and cannot be revoked;"
                + " OCSP says unknown. Their devices cannot renew and have to enroll again."
        case .revocations:
            "Certificates were revoked, or keys blocked, that the backup shows as good. Those that are named here are"
                + " revoked and blocked again, where the backup knows the certificate; others stay valid."
        case .issuers:
            "Issuers were made, replaced or ended after the backup. What a lost issuer signed cannot be revoked here, and"
                + " one that was ended signs again: end it once more after the restore (gatehouse ca status). One that was"
                + " revoked by its root: gatehouse ca compromise."
        case .access:
            "Without the store that was lost nobody knows which API tokens were revoked, and which permits were used or"
                + " taken back, after the backup. Those that it shows as good are good again: look through gatehouse token"
                + " list and the devices' permits before the service starts."
        case .unknown:
            "Nothing was seen of the time after the backup, no CRL of this authority and no store. That does not mean that"
                + " nothing was lost: certificates that were revoked since are good again, and stay so. Look for CRLs in"
                + " caches, proxies and on clients, and name them with --published."
        }
    }
}
