import Authority
import Directory
import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import Logging
import ServiceRuntime

/// Everything the configuration file says, read, checked and with secrets fetched.
struct Configuration: Sendable {
    /// Where one listener is bound.
    struct Listener: Hashable, Sendable {
        var address: String
        var port: Int
    }

    /// A TLS certificate kept in files, such as one of a public authority.
    struct CertificateFiles: Hashable, Sendable {
        /// PEM, leaf first.
        var chain: String
        /// Unencrypted PEM or PKCS #8.
        var key: SecretReference
    }

    /// How often CRLs are published and how long each may be relied on.
    struct CRLTimes: Hashable, Sendable {
        /// From one publication to the next when nothing was revoked.
        var intervalHours = 6
        var validityHours = 24
    }

    /// How long what is over is kept.
    struct Retention: Hashable, Sendable {
        /// Since an attempt began.
        var attemptDays = 180
        /// Since a certificate ended; a proof of it is kept for longer.
        var certificateDays = 400
    }

    /// How lines of the log look.
    enum LogFormat: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// The file as it was named.
    let file: String
    /// 1–127; first octet of every serial number.
    let node: UInt8
    /// `https://host[:port]`, no slash at the end.
    let deviceURL: ServiceURL
    /// `http://host[:port]`, no slash at the end.
    let publicURL: ServiceURL
    let deviceListener: Listener
    /// `nil` when no plain listener is wanted.
    let plainListener: Listener?
    /// `nil` when nobody asks for readiness and metrics.
    let adminListener: Listener?
    /// Whose word counts for who their clients are; `nil` when devices connect to us alone.
    let proxies: TrustedProxies?
    /// Shown by SNI, the first to clients that name no host; the store's own certificate comes after them.
    let certificates: [CertificateFiles]
    let limits: HTTPLimits
    /// Who may use the admin interface.
    let admin: AdminSettings
    let store: StoreLocation
    let passphrase: SecretReference
    /// Where issuers' keys may be besides the store.
    let tokens: [ConfiguredToken]
    let profilesFolder: String
    let deviceProfileName: String
    let crlShards: Int
    /// Without the account's password.
    let directory: DirectorySettings
    let directoryAccount: DirectorySection.Account?
    let admittedGroups: [GroupName]
    let deviceLimit: DeviceLimitPolicy
    let discovery: DiscoverySettings
    let policy: PolicySettings
    /// The accounts that devices may be given.
    let management: ManagementAccounts
    /// Who is given which.
    let managementPolicy: ManagementPolicy
    /// Whom events are sent to, and who is asked before.
    let handOff: HandOffSettings
    /// Without the profile's part; see ``renewalPolicy(for:)``.
    let renewal: RenewalPolicy
    let crl: CRLTimes
    /// How long an OCSP answer may be relied on.
    let ocspValidityMinutes: Int
    let retention: Retention
    /// When keys of issuers are replaced.
    let rotation: RotationSettings
    let backup: BackupSettings
    /// HTTP status of faults.
    let faultStatus: Int
    /// Hours after which a reservation without an outcome frees its slot, and a replaced certificate is superseded.
    let reservationHours: Int
    let logLevel: Logger.Level
    let logFormat: LogFormat

    /// What the policy answer says, with the validity of the profile that devices get.
    func policySettings(for profile: CertificateProfile) -> PolicySettings {
        PolicySettings(
            policyID: self.policy.policyID,
            friendlyName: self.policy.friendlyName,
            minimalKeyLength: self.policy.minimalKeyLength,
            validityPeriod: Int64(profile.validityDays) * 86_400,
            renewalPeriod: Int64(profile.renewal.renewPeriodDays) * 86_400
        )
    }

    /// When certificates of the profile that devices get may be renewed.
    func renewalPolicy(for profile: CertificateProfile) -> RenewalPolicy {
        RenewalPolicy(
            windowDays: self.renewal.windowDays,
            overlapSeconds: self.renewal.overlapSeconds,
            afterExpiryDays: profile.renewAfterExpiryDays,
            proof: self.renewal.proof,
            triesPerDay: self.renewal.triesPerDay
        )
    }

    var addresses: AuthorityAddresses {
        AuthorityAddresses(base: self.publicURL.text, shardCount: self.crlShards)
    }
}

/// `scheme://host[:port]` and nothing after it.
struct ServiceURL: Hashable, Sendable {
    let text: String
    let host: String

    /// Reads `text`, which has to begin with `scheme` and end with host or port.
    init?(_ text: String, scheme: String) {
        guard text.hasPrefix("\(scheme)://") else { return nil }
        let rest = text.dropFirst(scheme.count + 3)
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2,
            host.utf8.allSatisfy({ octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            })
        else { return nil }
        if parts.count == 2 {
            guard let port = Int(parts[1]), (1...65_535).contains(port) else { return nil }
        }
        self.text = text
        self.host = String(host)
    }
}
