/// Everything a certificate will say, in the domain's words; no octet of it is encoded yet.
public struct CertificateDraft: Hashable, Sendable {
    /// One attribute of a distinguished name (X.520).
    public struct NameAttribute: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            case country
            case organization
            case organizationalUnit
            case commonName
        }

        public let kind: Kind
        public let value: String

        public init(_ kind: Kind, _ value: String) {
            self.kind = kind
            self.value = value
        }
    }

    /// A subject alternative name (RFC 5280 § 4.2.1.6).
    public enum AlternativeName: Hashable, Sendable {
        case uri(String)
        case dns(String)
        /// 4 or 16 octets.
        case address([UInt8])
        /// Microsoft's otherName 1.3.6.1.4.1.311.20.2.3.
        case userPrincipalName(String)
    }

    /// An extended key usage (RFC 5280 § 4.2.1.12).
    public enum Purpose: String, Hashable, Sendable, CaseIterable {
        case clientAuth
        case serverAuth
        case ocspSigning
    }

    /// Key usage bits by their numbers in RFC 5280 § 4.2.1.3.
    public struct KeyUsage: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16

        public init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        public static let digitalSignature = KeyUsage(rawValue: 1 << 0)
        public static let keyEncipherment = KeyUsage(rawValue: 1 << 2)
        public static let keyCertSign = KeyUsage(rawValue: 1 << 5)
        public static let cRLSign = KeyUsage(rawValue: 1 << 6)
    }

    /// Whether the certificate is an authority's, and how deep a hierarchy may grow below it.
    public enum Role: Hashable, Sendable {
        case endEntity
        case authority(pathLength: Int?)
    }

    public let profile: ProfileName
    public let serialNumber: SerialNumber
    /// Which issuer signs; its own id for a self-signed root.
    public let issuerID: String
    public let subject: [NameAttribute]
    public let validity: Validity
    /// SubjectPublicKeyInfo, DER.
    public let publicKeyInfo: [UInt8]
    public let role: Role
    public let keyUsage: KeyUsage
    public let purposes: [Purpose]
    public let alternativeNames: [AlternativeName]
    /// Where the shard's CRL is; each names the issuer's id.
    public let crlURLs: [String]
    /// The shard that ``crlURLs`` names; `nil` where they are empty.
    public let crlShard: Int?
    public let ocspURL: String?
    public let issuerURL: String?
    /// Where every certificate of the issuer's is, links to it among them; of certificates that a root signs.
    public let issuerBundleURL: String?
    /// `S-1-5-…` for Microsoft's SID extension 1.3.6.1.4.1.311.25.2.
    public let securityIdentifier: String?

    public init(
        profile: ProfileName,
        serialNumber: SerialNumber,
        issuerID: String,
        subject: [NameAttribute],
        validity: Validity,
        publicKeyInfo: [UInt8],
        role: Role,
        keyUsage: KeyUsage,
        purposes: [Purpose],
        alternativeNames: [AlternativeName],
        crlURLs: [String] = [],
        crlShard: Int? = nil,
        ocspURL: String? = nil,
        issuerURL: String? = nil,
        securityIdentifier: String? = nil,
        issuerBundleURL: String? = nil
    ) {
        self.profile = profile
        self.serialNumber = serialNumber
        self.issuerID = issuerID
        self.subject = subject
        self.validity = validity
        self.publicKeyInfo = publicKeyInfo
        self.role = role
        self.keyUsage = keyUsage
        self.purposes = purposes
        self.alternativeNames = alternativeNames
        self.crlURLs = crlURLs
        self.crlShard = crlShard
        self.ocspURL = ocspURL
        self.issuerURL = issuerURL
        self.issuerBundleURL = issuerBundleURL
        self.securityIdentifier = securityIdentifier
    }
}

/// A profile's name and version; written `device/1`.
public struct ProfileName: Hashable, Sendable, CustomStringConvertible {
    public let name: String
    public let version: Int

    public init(name: String, version: Int) {
        self.name = name
        self.version = version
    }

    public var description: String { "\(self.name)/\(self.version)" }
}
