/// An authority key with its certificate, as the ledger keeps it.
public struct IssuerRecord: Hashable, Sendable {
    /// What the key signs.
    public enum Role: String, Hashable, Sendable, CaseIterable {
        case root
        case issuing
    }

    /// Where the key is in its life.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case prepared
        case published
        case active
        case draining
        case crlOnly = "crl-only"
        case retired
        case aborted
        case compromised
    }

    /// Names the issuer in URLs and commands: letters, digits and dashes, such as `2026-a`.
    public let id: String
    public let role: Role
    public let state: State
    /// The issuer that signed ``certificate``; its own id for a root.
    public let signedBy: String
    /// DER.
    public let certificate: [UInt8]
    /// Where the private key is.
    public let key: KeyLocation
    public let created: Timestamp
    public let moments: Moments

    /// When the steps of its life were taken; `nil` for those that were not.
    public struct Moments: Hashable, Sendable {
        public var published: Timestamp?
        public var activated: Timestamp?
        /// When another one took its place.
        public var deposed: Timestamp?
        /// When its devices were told to renew early.
        public var hurried: Timestamp?
        /// When it was retired, taken back or declared compromised.
        public var ended: Timestamp?

        public init(
            published: Timestamp? = nil,
            activated: Timestamp? = nil,
            deposed: Timestamp? = nil,
            hurried: Timestamp? = nil,
            ended: Timestamp? = nil
        ) {
            self.published = published
            self.activated = activated
            self.deposed = deposed
            self.hurried = hurried
            self.ended = ended
        }
    }

    public init(
        id: String,
        role: Role,
        state: State,
        signedBy: String,
        certificate: [UInt8],
        key: KeyLocation,
        created: Timestamp,
        moments: Moments = Moments()
    ) {
        self.id = id
        self.role = role
        self.state = state
        self.signedBy = signedBy
        self.certificate = certificate
        self.key = key
        self.created = created
        self.moments = moments
    }
}

/// A root's key certified by another root, so that whoever trusts either can follow the change (RFC 4210 § 4.4).
///
/// New-with-old leads those who trust the former root to the new one, old-with-new the other way round.
public struct LinkCertificate: Hashable, Sendable {
    /// Whose key and name it certifies.
    public let subjectID: String
    /// Whose key signed it.
    public let signedBy: String
    public let serialNumber: SerialNumber
    /// DER.
    public let certificate: [UInt8]

    public init(subjectID: String, signedBy: String, serialNumber: SerialNumber, certificate: [UInt8]) {
        self.subjectID = subjectID
        self.signedBy = signedBy
        self.serialNumber = serialNumber
        self.certificate = certificate
    }
}

/// One of the service's own certificates with its sealed key, such as the listener's.
public struct ServiceCertificateRecord: Hashable, Sendable {
    /// What it is for: `tls`.
    public let use: String
    public let serialNumber: SerialNumber
    /// Leaf first, root left out; DER each.
    public let chain: [[UInt8]]
    public let sealedKey: [UInt8]
    public let notAfter: Timestamp

    public init(use: String, serialNumber: SerialNumber, chain: [[UInt8]], sealedKey: [UInt8], notAfter: Timestamp) {
        self.use = use
        self.serialNumber = serialNumber
        self.chain = chain
        self.sealedKey = sealedKey
        self.notAfter = notAfter
    }
}

/// An authority's certificate and whose it is.
public struct AuthorityCertificate: Hashable, Sendable {
    public let issuerID: String
    /// DER.
    public let der: [UInt8]
    /// Whether it is a root, which a device has to be told to trust.
    public let isRoot: Bool

    public init(issuerID: String, der: [UInt8], isRoot: Bool) {
        self.issuerID = issuerID
        self.der = der
        self.isRoot = isRoot
    }
}

/// The active issuer as the rest of the product sees it.
public struct ActiveIssuer: Hashable, Sendable {
    public let id: String
    public let notAfter: Timestamp
    /// What a device is given with its certificate: the issuing certificate first, then those above it up to the root,
    /// then what has been published for times to come.
    public let authorities: [AuthorityCertificate]

    public init(id: String, notAfter: Timestamp, authorities: [AuthorityCertificate]) {
        self.id = id
        self.notAfter = notAfter
        self.authorities = authorities
    }
}
