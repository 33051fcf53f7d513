/// A certificate that asks to be renewed, with everything that decides whether it may.
public struct RenewalCandidate: Hashable, Sendable {
    public let certificate: CertificateRecord
    /// Its standing revocation; `nil` when there is none.
    public let revocation: Revocation?
    /// The device that holds it.
    public let device: DeviceRecord
    /// An unused permit to renew after expiry, whether or not it has run out.
    public let permit: Permit?
    /// Ids of the authorities that the device is known to have, those included that came with this certificate: whoever
    /// has its key has received them.
    public let trusted: Set<String>
    /// Whether its issuer is being drained in a hurry: it may be renewed ahead of its schedule.
    public let isHurried: Bool

    public init(
        certificate: CertificateRecord,
        revocation: Revocation?,
        device: DeviceRecord,
        permit: Permit?,
        trusted: Set<String>,
        isHurried: Bool = false
    ) {
        self.certificate = certificate
        self.revocation = revocation
        self.device = device
        self.permit = permit
        self.trusted = trusted
        self.isHurried = isHurried
    }
}
