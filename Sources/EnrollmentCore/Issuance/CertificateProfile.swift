/// Rules a class of certificates obeys; read from a declarative file under `PKI/profiles`.
public struct CertificateProfile: Hashable, Sendable {
    public let name: ProfileName
    public let validityDays: Int
    /// Seconds before the moment of issue at which validity begins.
    public let backdateSeconds: Int64
    /// Attributes of the subject besides the common name, in order.
    public let subject: [CertificateDraft.NameAttribute]
    public let keyUsage: CertificateDraft.KeyUsage
    /// Added to ``keyUsage`` when the subject's key is RSA.
    public let keyUsageForRSA: CertificateDraft.KeyUsage
    public let purposes: [CertificateDraft.Purpose]
    public let role: CertificateDraft.Role
    /// Whether a user's principal name is put in as a subject alternative name.
    public let includesUserPrincipalName: Bool
    /// Whether the directory's `objectSid` is put in as Microsoft's SID extension.
    public let includesSecurityIdentifier: Bool
    public let renewal: RenewalSchedule
    /// Days after its end for which a certificate may still be renewed; 0 for none.
    public let renewAfterExpiryDays: Int

    public init(
        name: ProfileName,
        validityDays: Int,
        backdateSeconds: Int64,
        subject: [CertificateDraft.NameAttribute],
        keyUsage: CertificateDraft.KeyUsage,
        keyUsageForRSA: CertificateDraft.KeyUsage,
        purposes: [CertificateDraft.Purpose],
        role: CertificateDraft.Role,
        includesUserPrincipalName: Bool,
        includesSecurityIdentifier: Bool,
        renewal: RenewalSchedule,
        renewAfterExpiryDays: Int = 0
    ) {
        self.name = name
        self.validityDays = validityDays
        self.backdateSeconds = backdateSeconds
        self.subject = subject
        self.keyUsage = keyUsage
        self.keyUsageForRSA = keyUsageForRSA
        self.purposes = purposes
        self.role = role
        self.includesUserPrincipalName = includesUserPrincipalName
        self.includesSecurityIdentifier = includesSecurityIdentifier
        self.renewal = renewal
        self.renewAfterExpiryDays = renewAfterExpiryDays
    }
}
