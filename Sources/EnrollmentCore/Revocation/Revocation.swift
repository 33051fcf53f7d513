/// One line of the table that feeds both CRLs and OCSP.
public struct Revocation: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let issuerID: String
    public let reason: RevocationReason
    /// When it took effect; whole seconds go into CRLs and answers.
    public let revoked: Timestamp

    public init(serialNumber: SerialNumber, issuerID: String, reason: RevocationReason, revoked: Timestamp) {
        self.serialNumber = serialNumber
        self.issuerID = issuerID
        self.reason = reason
        self.revoked = revoked
    }
}

/// What can be said about a serial number of one issuer (RFC 6960 § 2.2).
public enum CertificateStatus: Hashable, Sendable {
    /// Issued, or recorded and perhaps signed, and not revoked.
    case good
    case revoked(reason: RevocationReason, at: Timestamp)
    /// Never chosen, or certainly never signed.
    case unknown
}

/// A step in the log of revocations: what CRLs and cached answers have to follow.
public struct RevocationChange: Hashable, Sendable {
    /// Grows with every change.
    public let ordinal: Int64
    public let shard: CRLShard
    public let serialNumber: SerialNumber
    public let recorded: Timestamp

    public init(ordinal: Int64, shard: CRLShard, serialNumber: SerialNumber, recorded: Timestamp) {
        self.ordinal = ordinal
        self.shard = shard
        self.serialNumber = serialNumber
        self.recorded = recorded
    }
}

/// What is to be revoked, and by whom.
public struct RevocationOrder: Sendable {
    /// The most serial numbers that one order names; more are given in several.
    public static let most = 1_000

    public let serialNumbers: [SerialNumber]
    public let reason: RevocationReason
    public let act: AdministrativeAct

    public init(serialNumbers: [SerialNumber], reason: RevocationReason, act: AdministrativeAct) {
        self.serialNumbers = serialNumbers
        self.reason = reason
        self.act = act
    }
}

/// What became of a ``RevocationOrder``.
public struct RevocationOutcome: Hashable, Sendable {
    /// Revoked by this order, or with another reason than before.
    public var revoked: [SerialNumber]
    /// Revoked earlier; nothing was changed.
    public var already: [Revocation]
    /// Never chosen here, or certainly never signed.
    public var unknown: [SerialNumber]
    /// Devices that are left without a valid certificate.
    public var ended: [DeviceID]

    public init(
        revoked: [SerialNumber] = [],
        already: [Revocation] = [],
        unknown: [SerialNumber] = [],
        ended: [DeviceID] = []
    ) {
        self.revoked = revoked
        self.already = already
        self.unknown = unknown
        self.ended = ended
    }
}

/// Which certificates to revoke.
public enum RevocationSelection: Hashable, Sendable {
    case serialNumber(SerialNumber)
    /// SHA-256 over the certificate.
    case thumbprint([UInt8])
    case device(DeviceID)
    /// The directory's stable id.
    case user(String)
    /// SHA-256 over the SubjectPublicKeyInfo.
    case key([UInt8])
    case issuer(String)
}
