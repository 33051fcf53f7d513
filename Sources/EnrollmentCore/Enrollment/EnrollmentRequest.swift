/// One device's request to be enrolled: well formed, not yet believed.
public struct EnrollmentRequest: Sendable {
    public let traceID: TraceID
    public let credential: Credential
    /// PKCS #10 as received, DER.
    public let certificateRequest: [UInt8]
    public let claims: DeviceClaims
    /// Address of the peer, without the port.
    public let sourceAddress: String

    public init(
        traceID: TraceID,
        credential: Credential,
        certificateRequest: [UInt8],
        claims: DeviceClaims,
        sourceAddress: String
    ) {
        self.traceID = traceID
        self.credential = credential
        self.certificateRequest = certificateRequest
        self.claims = claims
        self.sourceAddress = sourceAddress
    }
}

/// A completed enrollment: what the device needs to reach its management server.
public struct Enrollment: Sendable {
    public let device: DeviceID
    public let user: DirectoryUser
    public let claims: DeviceClaims
    public let certificate: IssuedCertificate
    /// What the device is given besides: the certificates above the leaf, nearest first, and what is published for times
    /// to come.
    public let authorities: [AuthorityCertificate]
    public let account: ManagementAccount
    /// Which management server the device is given to, and whose it is.
    public let terms: EnrollmentTerms
    /// The profile's validity and renewal settings, for the provisioning document.
    public let renewal: RenewalSchedule

    public init(
        device: DeviceID,
        user: DirectoryUser,
        claims: DeviceClaims,
        certificate: IssuedCertificate,
        authorities: [AuthorityCertificate],
        account: ManagementAccount,
        terms: EnrollmentTerms = .none,
        renewal: RenewalSchedule
    ) {
        self.device = device
        self.user = user
        self.claims = claims
        self.certificate = certificate
        self.authorities = authorities
        self.account = account
        self.terms = terms
        self.renewal = renewal
    }
}

/// When and how a device renews by itself ([MS-MDE2] § 2.2.9.2).
public struct RenewalSchedule: Hashable, Sendable {
    /// How long before the end renewal starts; days, 1–1000.
    public let renewPeriodDays: Int
    /// Wait after a failed renewal; days, at most ``renewPeriodDays``.
    public let retryIntervalDays: Int

    public init(renewPeriodDays: Int, retryIntervalDays: Int) {
        self.renewPeriodDays = renewPeriodDays
        self.retryIntervalDays = retryIntervalDays
    }

    /// The same for a certificate that the issuer's end made shorter: at most half of its validity, or the device would
    /// renew at birth.
    public func fitting(_ validity: Validity) -> RenewalSchedule {
        let days = Int(validity.length / 86_400)
        guard self.renewPeriodDays >= days else { return self }
        let period = max(1, days / 2)
        return RenewalSchedule(renewPeriodDays: period, retryIntervalDays: min(self.retryIntervalDays, period))
    }
}

/// The secrets by which device and management server know each other in OMA-DM, made anew for every enrollment.
public struct ManagementAccount: Sendable {
    /// The name the device gives to the server (APPAUTH level APPSRV).
    public let clientName: String
    public let clientSecret: Redacted<String>
    /// Base64 of 16 random octets.
    public let clientNonce: String
    /// The secret by which the server proves itself (APPAUTH level CLIENT).
    public let serverSecret: Redacted<String>
    /// Base64 of 16 other random octets.
    public let serverNonce: String

    public init(
        clientName: String,
        clientSecret: Redacted<String>,
        clientNonce: String,
        serverSecret: Redacted<String>,
        serverNonce: String
    ) {
        self.clientName = clientName
        self.clientSecret = clientSecret
        self.clientNonce = clientNonce
        self.serverSecret = serverSecret
        self.serverNonce = serverNonce
    }
}
