/// An issuer with what hangs on it.
public struct IssuerStanding: Hashable, Sendable {
    public let issuer: IssuerRecord
    /// End of its certificate.
    public let notAfter: Timestamp
    /// How many certificates of its making somebody still depends on, neither ended nor revoked.
    ///
    /// Those of devices, intents among them, of listeners, and of issuers whose key still exists. Link certificates and
    /// those of its own OCSP responders are none of them.
    public let liveCertificates: Int
    /// How many live devices are known to have its certificate.
    public let knowingDevices: Int

    public var id: String { self.issuer.id }
    public var state: IssuerRecord.State { self.issuer.state }

    public init(issuer: IssuerRecord, notAfter: Timestamp, liveCertificates: Int, knowingDevices: Int) {
        self.issuer = issuer
        self.notAfter = notAfter
        self.liveCertificates = liveCertificates
        self.knowingDevices = knowingDevices
    }
}
