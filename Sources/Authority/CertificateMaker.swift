internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Makes the authority's and the service's own certificates, always in the order of issuing: prepare, trial, record,
/// sign; whoever asked confirms.
struct CertificateMaker: Sendable {
    /// What a certificate says about where to look further.
    enum Locations: Sendable {
        case none
        /// CRL, OCSP responder and the issuer's certificate.
        case all(AuthorityAddresses)
        /// CRL and the issuer's certificate: an issuer whose key is not at hand has no OCSP responder.
        case withoutOCSP(AuthorityAddresses)
        /// The issuer's certificate alone, where nobody is to ask whether the certificate is revoked.
        case issuerAlone(AuthorityAddresses)
    }

    /// What is wanted.
    struct Order: Sendable {
        var profile: CertificateProfile
        var subject: [CertificateDraft.NameAttribute]
        var alternativeNames: [CertificateDraft.AlternativeName] = []
        /// Of the subject's key.
        var keyType: KeyType
        /// SubjectPublicKeyInfo, DER.
        var publicKeyInfo: [UInt8]
        /// `nil` where the private key is not at hand.
        var key: SigningKey?
        var locations: Locations
        /// In place of the profile's.
        var role: CertificateDraft.Role?
        /// The subject's other certificate ends then, so that this one has to.
        var latestEnd: Timestamp?

        init(
            profile: CertificateProfile,
            subject: [CertificateDraft.NameAttribute],
            alternativeNames: [CertificateDraft.AlternativeName] = [],
            key: SigningKey,
            locations: Locations
        ) {
            self.profile = profile
            self.subject = subject
            self.alternativeNames = alternativeNames
            self.keyType = key.type
            self.publicKeyInfo = key.publicKeyInfo
            self.key = key
            self.locations = locations
        }

        /// For a key of which only the public part is needed.
        init(
            profile: CertificateProfile,
            subject: [CertificateDraft.NameAttribute],
            keyType: KeyType,
            publicKeyInfo: [UInt8],
            locations: Locations
        ) {
            self.profile = profile
            self.subject = subject
            self.keyType = keyType
            self.publicKeyInfo = publicKeyInfo
            self.locations = locations
        }
    }

    let ledger: any AuthorityLedger
    let vault: Vault
    let clock: any WallClock
    let random: any RandomSource
    /// The first octet of serial numbers, 1–127.
    let node: UInt8

    /// Prepares, records and signs one certificate; it may leave the process only when its outcome is confirmed.
    func issue(
        _ order: Order,
        by party: SigningParty
    ) async throws(EnrollmentError) -> (certificate: IssuedCertificate, receipt: IntentReceipt) {
        try await party.key.ensureReach()
        let (prepared, receipt) = try await self.record(order, by: party)
        let ticket = try IssuanceTicket(for: prepared, recordedAs: receipt)
        return (try await CertificateEncoder.sign(ticket.prepared, by: party), receipt)
    }

    /// Prepares and records what is signed next, here or by somebody else.
    func record(
        _ order: Order,
        by party: SigningParty
    ) async throws(EnrollmentError) -> (prepared: PreparedCertificate, receipt: IntentReceipt) {
        let prepared = try self.rehearse(order, by: party)
        return (prepared, try await self.ledger.recordIntent(prepared, at: self.clock.now))
    }

    /// Prepares a certificate, trial issuance included, and leaves it at that.
    func rehearse(_ order: Order, by party: SigningParty) throws(EnrollmentError) -> PreparedCertificate {
        try CertificateEncoder.prepare(try self.draft(order, by: party), for: party)
    }

    /// Issues a certificate of the service itself, and stores it with its sealed key as the newest of its use.
    func issueForService(
        _ order: Order,
        use: String,
        by party: SigningParty
    ) async throws(EnrollmentError) -> IssuedCertificate {
        guard let key = order.key else {
            throw EnrollmentError(
                .internalService,
                "A certificate of the service itself was asked for without its key.",
                rule: "service.key"
            )
        }
        let (certificate, receipt) = try await self.issue(order, by: party)
        let record = ServiceCertificateRecord(
            use: use,
            serialNumber: certificate.serialNumber,
            chain: [certificate.der] + (party.certificate.map { [$0.der] } ?? []),
            sealedKey: try self.vault.seal(key, of: use),
            notAfter: certificate.validity.notAfter
        )
        try await self.ledger.confirmService(record, certificate: certificate, receipt: receipt)
        return certificate
    }

    /// How long a certificate of `profile` by `party` would live from now on.
    func validity(of profile: CertificateProfile, by party: SigningParty) throws(EnrollmentError) -> Validity {
        let certificate = party.certificate
        let end = try encoding("issuer.certificate", "The certificate of issuer \(party.id) has no readable end") {
            () throws(X509Error) -> Timestamp? in
            guard let certificate else { return nil }
            return Timestamp(seconds: try certificate.notAfterSeconds())
        }
        return Validity(
            from: self.clock.now,
            backdatedBy: profile.backdateSeconds,
            days: profile.validityDays,
            within: end
        )
    }

    private func draft(_ order: Order, by party: SigningParty) throws(EnrollmentError) -> CertificateDraft {
        let profile = order.profile
        let serialNumber = SerialNumber(node: self.node, random: try self.random.octets(SerialNumber.randomOctets))
        var usage = profile.keyUsage
        if case .rsa = order.keyType { usage.formUnion(profile.keyUsageForRSA) }
        var revocation: AuthorityAddresses?
        var addresses: AuthorityAddresses?
        switch order.locations {
        case .none: break
        case .all(let all), .withoutOCSP(let all): (revocation, addresses) = (all, all)
        case .issuerAlone(let alone): addresses = alone
        }
        var answers = revocation?.ocsp(issuer: party.id)
        if case .withoutOCSP = order.locations { answers = nil }
        let role = order.role ?? profile.role
        var bundle: String?
        if case .authority = role { bundle = addresses?.bundle(of: party.id) }
        var validity = try self.validity(of: profile, by: party)
        if let end = order.latestEnd, end < validity.notAfter {
            validity = Validity(notBefore: validity.notBefore, notAfter: end)
        }
        return CertificateDraft(
            profile: profile.name,
            serialNumber: serialNumber,
            issuerID: party.id,
            subject: order.subject,
            validity: validity,
            publicKeyInfo: order.publicKeyInfo,
            role: role,
            keyUsage: usage,
            purposes: profile.purposes,
            alternativeNames: order.alternativeNames,
            crlURLs: revocation.map { [$0.crl(issuer: party.id, serialNumber: serialNumber)] } ?? [],
            crlShard: revocation?.shard(of: serialNumber),
            ocspURL: answers,
            issuerURL: addresses?.certificate(of: party.id),
            issuerBundleURL: bundle
        )
    }
}
