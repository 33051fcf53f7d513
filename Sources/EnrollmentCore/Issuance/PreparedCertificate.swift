/// The exact octets that will be signed, after trial issuance and lint; still unsigned.
public struct PreparedCertificate: Hashable, Sendable {
    public let draft: CertificateDraft
    /// DER of the TBSCertificate (RFC 5280 § 4.1.1.1).
    public let toBeSigned: [UInt8]
    /// SHA-256 over ``toBeSigned``.
    public let toBeSignedDigest: [UInt8]
    /// SHA-256 over the SubjectPublicKeyInfo.
    public let keyDigest: [UInt8]
    /// The subject as RFC 4514 text, for people.
    public let subject: String

    public init(
        draft: CertificateDraft,
        toBeSigned: [UInt8],
        toBeSignedDigest: [UInt8],
        keyDigest: [UInt8],
        subject: String
    ) {
        self.draft = draft
        self.toBeSigned = toBeSigned
        self.toBeSignedDigest = toBeSignedDigest
        self.keyDigest = keyDigest
        self.subject = subject
    }
}

/// A certificate that was signed with the issuer's key.
public struct IssuedCertificate: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let issuerID: String
    public let der: [UInt8]
    /// SHA-256 over ``der``.
    public let thumbprint: [UInt8]
    /// SHA-1 over ``der``; only because Windows names certificates in its stores by it.
    public let windowsThumbprint: [UInt8]
    public let validity: Validity

    public init(
        serialNumber: SerialNumber,
        issuerID: String,
        der: [UInt8],
        thumbprint: [UInt8],
        windowsThumbprint: [UInt8],
        validity: Validity
    ) {
        self.serialNumber = serialNumber
        self.issuerID = issuerID
        self.der = der
        self.thumbprint = thumbprint
        self.windowsThumbprint = windowsThumbprint
        self.validity = validity
    }
}
