/// A device certificate with all that a relying party may want to know of it.
public struct IdentityRecord: Hashable, Sendable {
    public let certificate: ProvenCertificate
    public let state: CertificateState
    public let revocation: Revocation?
    public let device: DeviceFacts

    public init(
        certificate: ProvenCertificate,
        state: CertificateState,
        revocation: Revocation?,
        device: DeviceFacts
    ) {
        self.certificate = certificate
        self.state = state
        self.revocation = revocation
        self.device = device
    }

    /// What the certificate is worth at that moment.
    public func verdict(at now: Timestamp) -> IdentityVerdict {
        if let revocation = self.revocation {
            switch revocation.reason {
            case .superseded: return .superseded
            case .certificateHold: return .held
            default: return .revoked
            }
        }
        switch self.state {
        case .superseded: return .superseded
        case .revoked: return .revoked
        case .intent, .closed: return .unknown
        case .issued: break
        }
        guard self.certificate.notAfter >= now else { return .expired }
        guard self.certificate.notBefore <= now else { return .unknown }
        switch self.device.state {
        case .held: return .held
        case .reserved, .issued, .handedOff, .active: return .current
        case .expired: return .expired
        case .released, .reset, .revoked: return .revoked
        }
    }
}

/// What a certificate is worth to whoever meets it.
public enum IdentityVerdict: String, Hashable, Sendable, CaseIterable {
    /// It is this device's, now.
    ///
    /// A certificate that was renewed stays so until its successor is seen.
    case current
    case superseded
    /// Suspended: may be current again.
    case held
    case revoked
    case expired
    /// No device certificate of ours.
    case unknown
}
