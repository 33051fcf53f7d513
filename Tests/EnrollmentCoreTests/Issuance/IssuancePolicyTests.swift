import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("The issuance policy")
struct IssuancePolicyTests {
    private static let now = Timestamp(seconds: 1_790_000_000)
    private static let device = DeviceID(random: [UInt8](0..<16))
    private static let serial = SerialNumber(node: 1, random: [UInt8](repeating: 0, count: 15) + [13])

    private func draft(
        _ type: EnrollmentType = .full,
        _ algorithm: KeyAlgorithm = .ecdsaP256,
        issuerDays: Int = 1_000,
        profile: CertificateProfile = Rehearsal.profile
    ) -> CertificateDraft {
        IssuancePolicy(profile: profile, addresses: AuthorityAddresses(base: "http://pki.example", shardCount: 8))
            .draft(
                for: Self.device,
                of: Rehearsal.kim,
                type: type,
                key: ProvenRequest(publicKeyInfo: [1, 2, 3], algorithm: algorithm),
                serialNumber: Self.serial,
                issuer: ActiveIssuer(id: "2026-A", notAfter: Self.now.adding(days: issuerDays), authorities: []),
                at: Self.now
            )
    }

    @Test("names the user in a user's enrollment and never in a device's")
    func namesTheUser() {
        let identity = CertificateDraft.AlternativeName.uri("urn:uuid:\(Self.device)")
        let full = self.draft(.full)
        #expect(full.alternativeNames == [identity, .userPrincipalName("kim@corp.example")])
        #expect(full.securityIdentifier == "S-1-5-21-1-2-3-1104")
        let device = self.draft(.device)
        #expect(device.alternativeNames == [identity])
        #expect(device.securityIdentifier == nil)
    }

    @Test("names the user only as far as the profile says")
    func profileDecides() {
        let base = Rehearsal.profile
        let profile = CertificateProfile(
            name: base.name,
            validityDays: base.validityDays,
            backdateSeconds: base.backdateSeconds,
            subject: base.subject,
            keyUsage: base.keyUsage,
            keyUsageForRSA: base.keyUsageForRSA,
            purposes: base.purposes,
            role: base.role,
            includesUserPrincipalName: false,
            includesSecurityIdentifier: false,
            renewal: base.renewal
        )
        let draft = self.draft(.full, profile: profile)
        #expect(draft.alternativeNames.count == 1)
        #expect(draft.securityIdentifier == nil)
    }

    @Test(
        "adds the key usage for RSA to RSA keys alone",
        arguments: [
            (.rsa(bits: 2_048), [.digitalSignature, .keyEncipherment]), (.ecdsaP256, .digitalSignature),
            (.ecdsaP384, .digitalSignature), (.ed25519, .digitalSignature),
        ] as [(KeyAlgorithm, CertificateDraft.KeyUsage)]
    )
    func keyUsage(algorithm: KeyAlgorithm, usage: CertificateDraft.KeyUsage) {
        #expect(self.draft(.full, algorithm).keyUsage == usage)
    }

    @Test("never lets a certificate outlive its issuer", arguments: [1, 100, 364, 365, 1_000])
    func withinIssuer(days: Int) {
        let draft = self.draft(issuerDays: days)
        #expect(draft.validity.notAfter <= Self.now.adding(days: days))
        #expect(draft.validity.length <= 365 * 86_400)
    }

    @Test("takes the name from our own id and everything else from the profile, nothing from the request")
    func everythingElse() {
        let draft = self.draft()
        #expect(
            draft.subject == [
                CertificateDraft.NameAttribute(.organizationalUnit, "Managed devices"),
                CertificateDraft.NameAttribute(.commonName, "\(Self.device)"),
            ]
        )
        #expect(draft.role == .endEntity)
        #expect(draft.purposes == [.clientAuth])
        #expect(draft.profile.description == "device/3")
        #expect(draft.publicKeyInfo == [1, 2, 3])
        #expect(draft.issuerID == "2026-A")
    }

    @Test("publishes below the configured address, the CRL sharded by the last octet of the serial number")
    func addresses() {
        let draft = self.draft()
        #expect(draft.crlURLs == ["http://pki.example/pki/crl/2026-A/5.crl"])
        #expect(draft.ocspURL == "http://pki.example/pki/ocsp/2026-A")
        #expect(draft.issuerURL == "http://pki.example/pki/issuer/2026-A.cer")
    }
}
