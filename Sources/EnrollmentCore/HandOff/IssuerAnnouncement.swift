/// What a trust event says of an issuer: ``FeedEvent/details`` of the kinds `trust-published`, `trust-activated` and
/// `trust-retired`.
public struct IssuerAnnouncement: Hashable, Sendable {
    public let id: String
    public let role: IssuerRecord.Role
    /// The certificate's subject, as RFC 4514 writes it.
    public let subject: String
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    /// SHA-256 over the certificate, in hexadecimal.
    public let thumbprint: String
    /// The certificate, DER in base64 on one line.
    public let certificate: String

    /// - Parameters:
    ///   - issuer: As the ledger keeps it.
    ///   - subject: The certificate's subject, as RFC 4514 writes it.
    ///   - validity: The certificate's.
    ///   - thumbprint: SHA-256 over the certificate.
    public init(of issuer: IssuerRecord, subject: String, validity: Validity, thumbprint: [UInt8]) {
        self.id = issuer.id
        self.role = issuer.role
        self.subject = subject
        self.notBefore = validity.notBefore
        self.notAfter = validity.notAfter
        self.thumbprint = Hexadecimal.encode(thumbprint)
        self.certificate = Base64.encode(issuer.certificate)
    }

    /// For ``HandOffLedger/tell(_:subject:details:at:)``, whose subject is ``id``.
    public var details: [Fact] {
        [
            Fact("issuer", self.id), Fact("role", self.role.rawValue), Fact("subject", self.subject),
            Fact("notBefore", "\(self.notBefore.seconds)"), Fact("notAfter", "\(self.notAfter.seconds)"),
            Fact("sha256", self.thumbprint), Fact("certificate", self.certificate),
        ]
    }

    /// Takes back what ``details`` gave; `nil` when something is missing.
    public init?(details: [Fact]) {
        func value(_ name: String) -> String? { details.first { $0.name == name }?.value }
        guard let id = value("issuer"), let role = value("role").flatMap({ IssuerRecord.Role(rawValue: $0) }),
            let subject = value("subject"), let notBefore = value("notBefore").flatMap({ Int64($0) }),
            let notAfter = value("notAfter").flatMap({ Int64($0) }), let thumbprint = value("sha256"),
            let certificate = value("certificate")
        else { return nil }
        self.id = id
        self.role = role
        self.subject = subject
        self.notBefore = Timestamp(seconds: notBefore)
        self.notAfter = Timestamp(seconds: notAfter)
        self.thumbprint = thumbprint
        self.certificate = certificate
    }
}
