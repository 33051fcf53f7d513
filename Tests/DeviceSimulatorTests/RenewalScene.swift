@testable import DeviceSimulator

/// An enrolled device and the authority that enrolled it.
struct RenewalScene {
    let authority: TestAuthority
    let identity: DeviceIdentity

    var openssl: OpenSSLCommand { self.authority.openssl }

    init(
        _ authority: TestAuthority? = nil,
        seed: UInt64 = 7,
        kind: DeviceKey.Kind = .rsa(bits: 2048),
        type: DeviceProfile.EnrollmentType = .full
    ) throws {
        let authority = try authority ?? TestAuthority()
        let device = SimulatedDevice(seed: seed)
        let key = try DeviceKey.generate(kind)
        let request = try CertificateRequest(for: device, key: key, variation: .ordinary)
        let leaf = try authority.issue(request.der)
        self.authority = authority
        self.identity = DeviceIdentity(
            device: device,
            enrollmentType: type,
            user: "kim \"k\" \\ å@example.test",
            discoveryAddress: "https://enterpriseenrollment.example.test/EnrollmentServer/Discovery.svc",
            enrollmentAddress: "https://mdm.example.test/EnrollmentServer/Enrollment.svc",
            entDMID: "6b1f0f0e",
            providerID: "Example",
            certificate: leaf,
            issuers: [try authority.issuer, try authority.root],
            roots: [try authority.root],
            intermediates: [try authority.issuer],
            key: key,
            document: Array("<wap-provisioningdoc/>".utf8),
            renewals: 0
        )
    }
}
