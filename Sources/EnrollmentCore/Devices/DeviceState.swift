/// Where an enrollment is in its life (product words; see the issuance cycle article).
public enum DeviceState: String, Hashable, Sendable, CaseIterable {
    /// Slot taken, serial chosen, the exact to-be-signed bytes recorded.
    case reserved
    /// The signed certificate is stored and the hand-off event is in the outbox.
    case issued
    /// The management server acknowledged the event.
    case handedOff = "handed-off"
    /// First contact was seen.
    case active
    /// Suspended, can be resumed.
    case held
    /// Ended: the reservation led to no certificate.
    case released
    case reset
    case revoked
    case expired

    /// Whether the enrollment can still become or is a live device, and so fills a slot unless stale or shared.
    public var occupiesSlot: Bool {
        switch self {
        case .reserved, .issued, .handedOff, .active, .held: true
        case .released, .reset, .revoked, .expired: false
        }
    }
}

/// What became of one certificate.
public enum CertificateState: String, Hashable, Sendable, CaseIterable {
    /// Recorded, perhaps signed: treated as issued for revocation, never as unknown.
    case intent
    case issued
    /// A newer certificate of the same device has been seen in use; this one is revoked as superseded.
    case superseded
    case revoked
    /// The intent was closed with a reason: nothing was signed.
    case closed
}
