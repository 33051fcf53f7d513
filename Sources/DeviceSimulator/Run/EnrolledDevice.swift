/// What a device holds once it is enrolled.
public struct EnrolledDevice: Sendable {
    /// DER.
    public let certificate: [UInt8]
    /// DER, from the certificate's issuer to the root.
    public let issuers: [[UInt8]]
    /// The private key; describing it gives nothing away.
    public let key: DeviceKey
    public let subject: String
    /// Upper-case hexadecimal.
    public let serialNumber: String
    /// SHA-1, upper-case hexadecimal: the name Windows gives the certificate.
    public let thumbprint: String
    /// Seconds since 1970.
    public let notBefore: Int64
    /// Seconds since 1970, still within.
    public let notAfter: Int64
    /// Days before expiry at which renewal begins.
    public let renewalPeriod: Int
    public let providerID: String
    public let managementAddress: String
    public let entDMID: String
    public let userPrincipalName: String?
    /// What the device has to keep to renew the certificate; `nil` when it came from a document alone.
    public internal(set) var identity: DeviceIdentity?
    /// Whether a TLS connection was made with the certificate.
    public internal(set) var provedPossession = false
    /// What the server says it saw in that connection; `nil` when it says nothing.
    public internal(set) var seenByServer: String?
    /// The first session with the management server; `nil` when none was to be made.
    public internal(set) var management: ManagementContact?

    /// The certificate and what leads to its root, without the root, as PEM.
    public var certificatePEM: String {
        ([self.certificate] + self.issuers.dropLast()).map { PEM.text("CERTIFICATE", $0) }.joined()
    }

    /// The root as PEM.
    public var rootPEM: String {
        self.issuers.last.map { PEM.text("CERTIFICATE", $0) } ?? ""
    }
}

extension EnrolledDevice: CustomStringConvertible {
    public var description: String {
        let proof = self.provedPossession ? ", presented in TLS" : ""
        return "certificate \(self.thumbprint), \(self.subject), serial \(self.serialNumber)\(proof)"
    }
}
