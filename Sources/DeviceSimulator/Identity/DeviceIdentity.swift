/// What a device keeps between its enrollment and its last renewal.
public struct DeviceIdentity: Sendable {
    public let device: SimulatedDevice
    public let enrollmentType: DeviceProfile.EnrollmentType
    /// The name of the user who enrolled it.
    public let user: String
    /// Where discovery was asked; first contact with a new certificate goes there, too.
    public let discoveryAddress: String
    /// Where the certificate came from and renewals go.
    public let enrollmentAddress: String
    /// The management server's name for the device, `EntDMID`.
    public let entDMID: String
    /// The management account's name, `PROVIDER-ID`.
    public let providerID: String
    /// DER.
    public let certificate: [UInt8]
    /// DER, from the certificate's issuer to the root.
    public let issuers: [[UInt8]]
    /// DER of every root the device was given.
    public let roots: [[UInt8]]
    /// DER of every intermediate authority the device was given.
    public let intermediates: [[UInt8]]
    /// The private key; describing it gives nothing away.
    public let key: DeviceKey
    /// The provisioning document the certificate came in, as received.
    public let document: [UInt8]
    /// The provisioning document of the enrollment, which has the management account; renewals bring none.
    public let accountDocument: [UInt8]
    /// How often it was renewed since the enrollment.
    public let renewals: Int

    init(
        device: SimulatedDevice,
        enrollmentType: DeviceProfile.EnrollmentType,
        user: String,
        discoveryAddress: String,
        enrollmentAddress: String,
        entDMID: String,
        providerID: String,
        certificate: [UInt8],
        issuers: [[UInt8]],
        roots: [[UInt8]],
        intermediates: [[UInt8]],
        key: DeviceKey,
        document: [UInt8],
        accountDocument: [UInt8]? = nil,
        renewals: Int
    ) {
        self.device = device
        self.enrollmentType = enrollmentType
        self.user = user
        self.discoveryAddress = discoveryAddress
        self.enrollmentAddress = enrollmentAddress
        self.entDMID = entDMID
        self.providerID = providerID
        self.certificate = certificate
        self.issuers = issuers
        self.roots = roots
        self.intermediates = intermediates
        self.key = key
        self.document = document
        self.accountDocument = accountDocument ?? document
        self.renewals = renewals
    }

    /// The same device with what a renewal brought.
    func renewed(
        certificate: [UInt8],
        issuers: [[UInt8]],
        delivering document: RenewalDocument,
        octets: [UInt8],
        key: DeviceKey
    ) -> DeviceIdentity {
        DeviceIdentity(
            device: self.device,
            enrollmentType: self.enrollmentType,
            user: self.user,
            discoveryAddress: self.discoveryAddress,
            enrollmentAddress: self.enrollmentAddress,
            entDMID: self.entDMID,
            providerID: self.providerID,
            certificate: certificate,
            issuers: issuers,
            roots: self.roots + document.roots.filter { !self.roots.contains($0) },
            intermediates: self.intermediates + document.intermediates.filter { !self.intermediates.contains($0) },
            key: key,
            document: octets,
            accountDocument: self.accountDocument,
            renewals: self.renewals + 1
        )
    }

    /// The certificate and what leads to its root, without the root, as PEM.
    public var certificatePEM: String {
        ([self.certificate] + self.issuers.dropLast()).map { PEM.text("CERTIFICATE", $0) }.joined()
    }

    /// What of the certificate is worth showing.
    ///
    /// - Throws: ``SimulationFailure`` when the stored certificate cannot be read.
    public func facts() throws(SimulationFailure) -> CertificateFacts {
        try CertificateFacts(try self.issuedCertificate())
    }

    func issuedCertificate() throws(SimulationFailure) -> IssuedCertificate {
        do throws(IssuedCertificate.Unreadable) {
            return try IssuedCertificate(der: self.certificate)
        } catch {
            throw .local("the stored certificate cannot be read: \(error.description)")
        }
    }
}

extension DeviceIdentity: CustomStringConvertible {
    public var description: String {
        "\(self.device.name) of \(self.user), renewed \(self.renewals) times"
    }
}
