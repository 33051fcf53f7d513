/// Decides what a device's certificate says.
///
/// Pure: same input, same draft.
///
/// Subject, names and extensions come from the confirmed user, our own device id and the profile. The request
/// contributes its public key; there is no switch that would let it contribute more.
public struct IssuancePolicy: Sendable {
    public let profile: CertificateProfile
    private let addresses: AuthorityAddresses

    public init(profile: CertificateProfile, addresses: AuthorityAddresses) {
        self.profile = profile
        self.addresses = addresses
    }

    /// What the certificate of `device` will say: its id is the common name and the URN among the alternative names,
    /// and only a user's enrollment (`full`) carries the user's names.
    public func draft(
        for device: DeviceID,
        of user: DirectoryUser,
        type: EnrollmentType,
        key: ProvenRequest,
        serialNumber: SerialNumber,
        issuer: ActiveIssuer,
        at now: Timestamp
    ) -> CertificateDraft {
        var names: [CertificateDraft.AlternativeName] = [.uri("urn:uuid:\(device)")]
        let namesUser = type == .full
        if namesUser && self.profile.includesUserPrincipalName {
            names.append(.userPrincipalName(user.principalName))
        }
        return CertificateDraft(
            profile: self.profile.name,
            serialNumber: serialNumber,
            issuerID: issuer.id,
            subject: self.profile.subject + [.init(.commonName, "\(device)")],
            validity: Validity(
                from: now,
                backdatedBy: self.profile.backdateSeconds,
                days: self.profile.validityDays,
                within: issuer.notAfter
            ),
            publicKeyInfo: key.publicKeyInfo,
            role: self.profile.role,
            keyUsage: key.algorithm.isRSA
                ? self.profile.keyUsage.union(self.profile.keyUsageForRSA) : self.profile.keyUsage,
            purposes: self.profile.purposes,
            alternativeNames: names,
            crlURLs: [self.addresses.crl(issuer: issuer.id, serialNumber: serialNumber)],
            crlShard: self.addresses.shard(of: serialNumber),
            ocspURL: self.addresses.ocsp(issuer: issuer.id),
            issuerURL: self.addresses.certificate(of: issuer.id),
            securityIdentifier: namesUser && self.profile.includesSecurityIdentifier ? user.securityIdentifier : nil
        )
    }
}
