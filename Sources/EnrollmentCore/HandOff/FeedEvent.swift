/// An event in its place in the feed, with every fact there is of it.
///
/// Facts about a certificate are those recorded with it, so that an event says the same whenever it is sent; only what a
/// device's record adds (``DeviceFacts/name`` and so on) is of the moment where the event names no certificate.
public struct FeedEvent: Hashable, Sendable {
    /// Grows along the feed: whoever has read up to a position has missed nothing before it.
    ///
    /// Starts at 1.
    public let position: Int64
    public let event: HandOffEvent
    public let recorded: Timestamp
    public let traceID: TraceID?
    public let device: DeviceFacts?
    public let certificate: ProvenCertificate?
    /// The certificate that this one follows.
    public let predecessor: ProvenCertificate?
    /// What an order said: who, why, under which ticket; `nil` where nobody ordered it.
    public let act: AdministrativeAct?
    /// Sealed for the vault; `nil` where the event brings no account.
    public var sealedAccount: [UInt8]?
    /// What else belongs to the kind: attributes of the authorise hook as `attribute.<name>`, an issuer's facts.
    public let details: [Fact]
    /// The attempt behind a refusal; `nil` also when it is kept no longer.
    public let attempt: Attempt?
    /// What an event about no device is about: an issuer's id, or a user's.
    public let subject: String?

    public init(
        position: Int64,
        event: HandOffEvent,
        recorded: Timestamp,
        traceID: TraceID?,
        device: DeviceFacts? = nil,
        certificate: ProvenCertificate? = nil,
        predecessor: ProvenCertificate? = nil,
        act: AdministrativeAct? = nil,
        sealedAccount: [UInt8]? = nil,
        details: [Fact] = [],
        attempt: Attempt? = nil,
        subject: String? = nil
    ) {
        self.position = position
        self.event = event
        self.recorded = recorded
        self.traceID = traceID
        self.device = device
        self.certificate = certificate
        self.predecessor = predecessor
        self.act = act
        self.sealedAccount = sealedAccount
        self.details = details
        self.attempt = attempt
        self.subject = subject
    }

    /// The prefix of ``details`` that the authorise hook's attributes carry.
    public static let attributePrefix = "attribute."
}

/// What an event says of its device.
public struct DeviceFacts: Hashable, Sendable {
    public let device: DeviceID
    public let state: DeviceState
    public let name: String
    /// The client's `DeviceID`.
    public let claimedDeviceID: String
    /// `HWDevID`.
    public let hardwareID: String?
    public let enrollmentType: EnrollmentType
    public let providerID: String
    public let ownership: EnrollmentTerms.Ownership
    public let ownershipRule: String
    /// The directory's stable id of the owner.
    public let userID: String
    public let userPrincipalName: String
    public let firstEnrolled: Timestamp
    /// The device's certificate that counts now.
    public let currentSerial: SerialNumber?

    public init(
        device: DeviceID,
        state: DeviceState,
        name: String,
        claimedDeviceID: String,
        hardwareID: String?,
        enrollmentType: EnrollmentType,
        providerID: String,
        ownership: EnrollmentTerms.Ownership,
        ownershipRule: String,
        userID: String,
        userPrincipalName: String,
        firstEnrolled: Timestamp,
        currentSerial: SerialNumber?
    ) {
        self.device = device
        self.state = state
        self.name = name
        self.claimedDeviceID = claimedDeviceID
        self.hardwareID = hardwareID
        self.enrollmentType = enrollmentType
        self.providerID = providerID
        self.ownership = ownership
        self.ownershipRule = ownershipRule
        self.userID = userID
        self.userPrincipalName = userPrincipalName
        self.firstEnrolled = firstEnrolled
        self.currentSerial = currentSerial
    }
}

/// What an event says of a certificate, and how the identity in it was proven.
public struct ProvenCertificate: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let issuerID: String
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    /// SHA-256 over the certificate; `nil` for an intent.
    public let thumbprint: [UInt8]?
    /// SHA-1 over the certificate, as Windows names it.
    public let windowsThumbprint: [UInt8]?
    public let protection: KeyProtection
    /// The credential's kind, such as `password`; `certificate` for a renewal.
    public let credentialKind: String
    /// The directory's stable id of the user, as it was then.
    public let userID: String
    public let userPrincipalName: String
    /// Which directory server confirmed it.
    public let source: String
    /// What the device said of itself.
    public let claims: DeviceClaims?

    public init(
        serialNumber: SerialNumber,
        issuerID: String,
        notBefore: Timestamp,
        notAfter: Timestamp,
        thumbprint: [UInt8]?,
        windowsThumbprint: [UInt8]?,
        protection: KeyProtection,
        credentialKind: String,
        userID: String,
        userPrincipalName: String,
        source: String,
        claims: DeviceClaims?
    ) {
        self.serialNumber = serialNumber
        self.issuerID = issuerID
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.thumbprint = thumbprint
        self.windowsThumbprint = windowsThumbprint
        self.protection = protection
        self.credentialKind = credentialKind
        self.userID = userID
        self.userPrincipalName = userPrincipalName
        self.source = source
        self.claims = claims
    }
}
