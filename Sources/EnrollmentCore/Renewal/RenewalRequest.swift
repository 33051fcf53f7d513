/// One device's request for its next certificate: well formed, not yet believed.
public struct RenewalRequest: Sendable {
    public let traceID: TraceID
    /// CMS SignedData, DER.
    public let signedRequest: [UInt8]
    /// The user's, where the user was asked (manual renewal); `nil` where the device renews by itself.
    public let credential: Credential?
    /// SHA-256 over the certificate whose key the connection was made with; `nil` when it was made without one.
    public let connectionThumbprint: [UInt8]?
    public let claims: DeviceClaims
    /// Address of the peer, without the port.
    public let sourceAddress: String

    public init(
        traceID: TraceID,
        signedRequest: [UInt8],
        credential: Credential?,
        connectionThumbprint: [UInt8]?,
        claims: DeviceClaims,
        sourceAddress: String
    ) {
        self.traceID = traceID
        self.signedRequest = signedRequest
        self.credential = credential
        self.connectionThumbprint = connectionThumbprint
        self.claims = claims
        self.sourceAddress = sourceAddress
    }
}

/// A completed renewal.
public struct Renewal: Sendable {
    public let device: DeviceID
    /// The owner as the directory has them now.
    public let user: DirectoryUser
    /// Whose certificate store the device keeps its certificate in, as enrolled.
    public let enrollmentType: EnrollmentType
    /// The management account that the device was enrolled with, which a renewal leaves as it is; empty for the standard
    /// one.
    public let providerID: String
    public let certificate: IssuedCertificate
    /// Authorities that the device is not known to have, nearest the leaf first.
    public let authorities: [AuthorityCertificate]
    public let renewal: RenewalSchedule

    public init(
        device: DeviceID,
        user: DirectoryUser,
        enrollmentType: EnrollmentType,
        providerID: String = "",
        certificate: IssuedCertificate,
        authorities: [AuthorityCertificate],
        renewal: RenewalSchedule
    ) {
        self.device = device
        self.user = user
        self.enrollmentType = enrollmentType
        self.providerID = providerID
        self.certificate = certificate
        self.authorities = authorities
        self.renewal = renewal
    }
}
