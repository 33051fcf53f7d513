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

    /// What decides what it is worth.
    public var standing: IdentityStanding {
        IdentityStanding(
            notBefore: self.certificate.notBefore,
            notAfter: self.certificate.notAfter,
            state: self.state,
            revocationReason: self.revocation?.reason,
            deviceState: self.device.state
        )
    }

    /// What the certificate is worth at that moment.
    public func verdict(at now: Timestamp) -> IdentityVerdict { self.standing.verdict(at: now) }
}

/// As much of an ``IdentityRecord`` as decides what the certificate is worth: little to be kept in memory.
public struct IdentityStanding: Hashable, Sendable {
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    public let state: CertificateState
    public let revocationReason: RevocationReason?
    public let deviceState: DeviceState

    public init(
        notBefore: Timestamp,
        notAfter: Timestamp,
        state: CertificateState,
        revocationReason: RevocationReason?,
        deviceState: DeviceState
    ) {
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.state = state
        self.revocationReason = revocationReason
        self.deviceState = deviceState
    }

    /// What the certificate is worth at that moment.
    public func verdict(at now: Timestamp) -> IdentityVerdict {
        if let revocationReason = self.revocationReason {
            switch revocationReason {
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
        guard self.notAfter >= now else { return .expired }
        guard self.notBefore <= now else { return .unknown }
        switch self.deviceState {
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
