/// A device was seen with a certificate of ours, and proved that it has the key.
public struct Contact: Hashable, Sendable {
    /// Who saw it.
    public enum Witness: String, Hashable, Sendable, CaseIterable {
        /// One of our own TLS listeners.
        case mutualTLS = "mutual-tls"
        case renewal
        /// The management server reported it.
        case managementServer = "management-server"
    }

    /// SHA-256 over the certificate.
    public let thumbprint: [UInt8]
    public let witness: Witness
    public let time: Timestamp

    public init(thumbprint: [UInt8], witness: Witness, time: Timestamp) {
        self.thumbprint = thumbprint
        self.witness = witness
        self.time = time
    }
}

/// What a ``Contact`` came to.
public enum ContactOutcome: Hashable, Sendable {
    /// The device is alive; `isFirst` when this certificate had not been seen before: the device is active and whatever
    /// certificates it had before are superseded now.
    case noted(device: DeviceID, isFirst: Bool)
    /// The certificate is superseded, revoked, on hold or ended, or its device has ended; nothing was changed.
    case notCurrent(device: DeviceID?)
    /// No certificate of ours.
    case unknown
}
