/// One device as the ledger knows it.
public struct DeviceRecord: Hashable, Sendable {
    public let device: DeviceID
    public let state: DeviceState
    /// The directory's stable id of the owner.
    public let userID: String
    public let userPrincipalName: String
    public let name: String
    public let enrollmentType: EnrollmentType
    /// `HWDevID` as claimed, lower case.
    public let hardwareID: String?
    /// The client's `DeviceID` of the latest enrollment.
    public let claimedDeviceID: String
    public let osVersion: String?
    public let model: String?
    /// Marked as shared: fills nobody's slot.
    public let isShared: Bool
    /// Counts enrollments of this device; orders its hand-off events.
    public let generation: Int
    public let firstEnrolled: Timestamp
    public let lastProvenContact: Timestamp
    public let certificateSerial: SerialNumber?
    public let certificateEnds: Timestamp?
    /// Sentences about claims that contradict each other; empty when there are none.
    public let conflicts: [String]
    /// The management account's provider id that it was given; empty where there was none.
    public let providerID: String
    public let ownership: EnrollmentTerms.Ownership
    /// The name of the rule that set ``ownership``; empty when none did.
    public let ownershipRule: String

    public init(
        device: DeviceID,
        state: DeviceState,
        userID: String,
        userPrincipalName: String,
        name: String,
        enrollmentType: EnrollmentType,
        hardwareID: String?,
        claimedDeviceID: String,
        osVersion: String?,
        model: String?,
        isShared: Bool,
        generation: Int,
        firstEnrolled: Timestamp,
        lastProvenContact: Timestamp,
        certificateSerial: SerialNumber?,
        certificateEnds: Timestamp?,
        conflicts: [String],
        providerID: String = "",
        ownership: EnrollmentTerms.Ownership = .unstated,
        ownershipRule: String = ""
    ) {
        self.device = device
        self.state = state
        self.userID = userID
        self.userPrincipalName = userPrincipalName
        self.name = name
        self.enrollmentType = enrollmentType
        self.hardwareID = hardwareID
        self.claimedDeviceID = claimedDeviceID
        self.osVersion = osVersion
        self.model = model
        self.isShared = isShared
        self.generation = generation
        self.firstEnrolled = firstEnrolled
        self.lastProvenContact = lastProvenContact
        self.certificateSerial = certificateSerial
        self.certificateEnds = certificateEnds
        self.conflicts = conflicts
        self.providerID = providerID
        self.ownership = ownership
        self.ownershipRule = ownershipRule
    }
}

extension CertificateRecord {
    /// ``reason`` of a certificate that is superseded.
    public static let replaced = "A later certificate of the same device replaced it."
}

/// One certificate as the ledger knows it: an intent, or what was issued.
public struct CertificateRecord: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let issuerID: String
    public let state: CertificateState
    /// Name and version of the profile, `device/1`.
    public let profile: String
    /// The device that holds it; `nil` for the authority's and the service's own certificates.
    public let device: DeviceID?
    public let subject: String
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    public let recorded: Timestamp
    /// SHA-256 over the recorded to-be-signed octets.
    public let toBeSignedDigest: [UInt8]
    public let toBeSigned: [UInt8]
    /// SHA-256 over the SubjectPublicKeyInfo.
    public let keyDigest: [UInt8]
    /// The signed certificate; `nil` for an intent.
    public let der: [UInt8]?
    /// SHA-256 over ``der``.
    public let thumbprint: [UInt8]?
    /// Why an intent was closed or the certificate revoked.
    public let reason: String?
    /// The shard of its issuer's CRLs that would list it; `nil` for a root.
    public let crlShard: Int?
    /// Where its request said that the private key is kept.
    public let protection: KeyProtection
    /// The certificate that it was renewed from; `nil` for a first one.
    public let predecessor: SerialNumber?
    /// When the device was first seen with it; `nil` as long as it was not.
    public let seen: Timestamp?
    /// When it is superseded even if its successor is not seen; `nil` without a successor.
    public let supersedeAfter: Timestamp?

    public init(
        serialNumber: SerialNumber,
        issuerID: String,
        state: CertificateState,
        profile: String,
        device: DeviceID?,
        subject: String,
        notBefore: Timestamp,
        notAfter: Timestamp,
        recorded: Timestamp,
        toBeSignedDigest: [UInt8],
        toBeSigned: [UInt8],
        keyDigest: [UInt8],
        der: [UInt8]?,
        thumbprint: [UInt8]?,
        reason: String?,
        crlShard: Int? = nil,
        protection: KeyProtection = .unstated,
        predecessor: SerialNumber? = nil,
        seen: Timestamp? = nil,
        supersedeAfter: Timestamp? = nil
    ) {
        self.serialNumber = serialNumber
        self.issuerID = issuerID
        self.state = state
        self.profile = profile
        self.device = device
        self.subject = subject
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.recorded = recorded
        self.toBeSignedDigest = toBeSignedDigest
        self.toBeSigned = toBeSigned
        self.keyDigest = keyDigest
        self.der = der
        self.thumbprint = thumbprint
        self.reason = reason
        self.crlShard = crlShard
        self.protection = protection
        self.predecessor = predecessor
        self.seen = seen
        self.supersedeAfter = supersedeAfter
    }
}

/// One user as the ledger knows them: whoever has tried to enroll and was confirmed by the directory.
public struct UserRecord: Hashable, Sendable {
    public let id: String
    public let principalName: String
    public let displayName: String?
    /// The directory's groups when the user was last seen.
    public let groups: [GroupName]
    public let lastSeen: Timestamp
    public let limitOverride: LimitOverride?

    public init(
        id: String,
        principalName: String,
        displayName: String?,
        groups: [GroupName],
        lastSeen: Timestamp,
        limitOverride: LimitOverride?
    ) {
        self.id = id
        self.principalName = principalName
        self.displayName = displayName
        self.groups = groups
        self.lastSeen = lastSeen
        self.limitOverride = limitOverride
    }
}

/// A personal limit that comes before every rule until it ends.
public struct LimitOverride: Hashable, Sendable {
    public let maximum: Int
    public let until: Timestamp
    public let reason: String

    public init(maximum: Int, until: Timestamp, reason: String) {
        self.maximum = maximum
        self.until = until
        self.reason = reason
    }
}
