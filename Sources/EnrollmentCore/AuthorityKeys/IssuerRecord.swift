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
    /// The private key, sealed; empty when it is elsewhere.
    public let sealedKey: [UInt8]
    public let created: Timestamp

    public init(
        id: String,
        role: Role,
        state: State,
        signedBy: String,
        certificate: [UInt8],
        sealedKey: [UInt8],
        created: Timestamp
    ) {
        self.id = id
        self.role = role
        self.state = state
        self.signedBy = signedBy
        self.certificate = certificate
        self.sealedKey = sealedKey
        self.created = created
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
    /// Issuing certificate first, root last.
    public let authorities: [AuthorityCertificate]

    public init(id: String, notAfter: Timestamp, authorities: [AuthorityCertificate]) {
        self.id = id
        self.notAfter = notAfter
        self.authorities = authorities
    }

    /// ``authorities`` as DER.
    public var chain: [[UInt8]] { self.authorities.map(\.der) }
}
