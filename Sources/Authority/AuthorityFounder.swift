package import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

/// Makes a new authority: a root, an issuer below it, and the service's TLS certificate.
///
/// The order of issuing holds from the first certificate on: prepare, trial, record, sign, confirm.
package struct AuthorityFounder: Sendable {
    /// What the new authority is to be.
    package struct Plan: Sendable {
        package var organization: String
        package var rootID: String
        package var issuerID: String
        package var rootKey: KeyType
        package var issuerKey: KeyType
        package var serverKey: KeyType
        package var rootProfile: CertificateProfile
        package var issuingProfile: CertificateProfile
        package var serverProfile: CertificateProfile
        /// DNS names and addresses of the listeners, the main one first.
        package var serverNames: [String]
        package var addresses: AuthorityAddresses
        package var node: UInt8

        package init(
            organization: String,
            rootID: String,
            issuerID: String,
            rootKey: KeyType,
            issuerKey: KeyType,
            serverKey: KeyType,
            rootProfile: CertificateProfile,
            issuingProfile: CertificateProfile,
            serverProfile: CertificateProfile,
            serverNames: [String],
            addresses: AuthorityAddresses,
            node: UInt8
        ) {
            self.organization = organization
            self.rootID = rootID
            self.issuerID = issuerID
            self.rootKey = rootKey
            self.issuerKey = issuerKey
            self.serverKey = serverKey
            self.rootProfile = rootProfile
            self.issuingProfile = issuingProfile
            self.serverProfile = serverProfile
            self.serverNames = serverNames
            self.addresses = addresses
            self.node = node
        }
    }

    /// What was made.
    package struct Result: Sendable {
        package let root: IssuedCertificate
        package let issuer: IssuedCertificate
        package let server: IssuedCertificate
    }

    private let ledger: any AuthorityLedger
    private let vault: Vault
    private let clock: any WallClock
    private let random: any RandomSource

    package init(ledger: any AuthorityLedger, vault: Vault, clock: any WallClock, random: any RandomSource) {
        self.ledger = ledger
        self.vault = vault
        self.clock = clock
        self.random = random
    }

    /// Makes everything; a crash in between leaves intents in the ledger, never a forgotten certificate.
    package func found(_ plan: Plan) async throws(EnrollmentError) -> Result {
        let rootKey = try self.generate(plan.rootKey)
        let (root, rootParty) = try await self.makeRoot(plan, key: rootKey)
        let (issuer, issuerParty) = try await self.makeIssuer(plan, root: rootParty)
        let server = try await self.makeServerCertificate(plan, issuer: issuerParty)
        return Result(root: root, issuer: issuer, server: server)
    }

    // MARK: Root

    private func makeRoot(_ plan: Plan, key: SigningKey) async throws(EnrollmentError) -> (
        IssuedCertificate, SigningParty
    ) {
        let draft = try self.draft(
            plan,
            profile: plan.rootProfile,
            issuerID: plan.rootID,
            names: self.authorityName(plan, plan.rootProfile, "\(plan.organization) Root \(plan.rootID)"),
            key: key,
            alternatives: [],
            end: nil,
            locatedBy: nil
        )
        let selfSigner = try SigningParty(
            rootID: plan.rootID,
            key: key,
            subject: try CertificateEncoder.subject(of: draft).der
        )
        let (certificate, receipt) = try await self.issue(draft, by: selfSigner)
        let record = IssuerRecord(
            id: plan.rootID,
            role: .root,
            state: .active,
            signedBy: plan.rootID,
            certificate: certificate.der,
            sealedKey: try self.vault.seal(key, of: plan.rootID),
            created: self.clock.now
        )
        try await self.ledger.confirmIssuer(record, certificate: certificate, receipt: receipt)
        return (certificate, try SigningParty(id: plan.rootID, key: key, certificate: certificate.der))
    }

    // MARK: Issuer

    private func makeIssuer(
        _ plan: Plan,
        root: SigningParty
    ) async throws(EnrollmentError) -> (IssuedCertificate, SigningParty) {
        let key = try self.generate(plan.issuerKey)
        let draft = try self.draft(
            plan,
            profile: plan.issuingProfile,
            issuerID: plan.rootID,
            names: self.authorityName(plan, plan.issuingProfile, "\(plan.organization) Issuing \(plan.issuerID)"),
            key: key,
            alternatives: [],
            end: try self.end(of: root),
            locatedBy: plan.addresses
        )
        let (certificate, receipt) = try await self.issue(draft, by: root)
        let record = IssuerRecord(
            id: plan.issuerID,
            role: .issuing,
            state: .active,
            signedBy: plan.rootID,
            certificate: certificate.der,
            sealedKey: try self.vault.seal(key, of: plan.issuerID),
            created: self.clock.now
        )
        try await self.ledger.confirmIssuer(record, certificate: certificate, receipt: receipt)
        return (certificate, try SigningParty(id: plan.issuerID, key: key, certificate: certificate.der))
    }

    // MARK: Server

    private func makeServerCertificate(_ plan: Plan, issuer: SigningParty) async throws(EnrollmentError)
        -> IssuedCertificate
    {
        let key = try self.generate(plan.serverKey)
        let names = plan.serverNames.map { name -> CertificateDraft.AlternativeName in
            ServerName.addressOctets(name).map { .address($0) } ?? .dns(name)
        }
        let commonName = CertificateDraft.NameAttribute(.commonName, plan.serverNames.first ?? "localhost")
        let draft = try self.draft(
            plan,
            profile: plan.serverProfile,
            issuerID: plan.issuerID,
            names: plan.serverProfile.subject + [commonName],
            key: key,
            alternatives: names,
            end: try self.end(of: issuer),
            locatedBy: plan.addresses
        )
        let (certificate, receipt) = try await self.issue(draft, by: issuer)
        let record = ServiceCertificateRecord(
            use: "tls",
            serialNumber: certificate.serialNumber,
            chain: [certificate.der, issuer.certificate?.der ?? []],
            sealedKey: try self.vault.seal(key, of: "tls"),
            notAfter: certificate.validity.notAfter
        )
        try await self.ledger.confirmService(record, certificate: certificate, receipt: receipt)
        return certificate
    }

    // MARK: Common

    private func issue(
        _ draft: CertificateDraft,
        by party: SigningParty
    ) async throws(EnrollmentError) -> (IssuedCertificate, IntentReceipt) {
        let prepared = try CertificateEncoder.prepare(draft, for: party)
        let receipt = try await self.ledger.recordIntent(prepared, at: self.clock.now)
        let ticket = try IssuanceTicket(for: prepared, recordedAs: receipt)
        return (try CertificateEncoder.sign(ticket.prepared, by: party), receipt)
    }

    private func draft(
        _ plan: Plan,
        profile: CertificateProfile,
        issuerID: String,
        names: [CertificateDraft.NameAttribute],
        key: SigningKey,
        alternatives: [CertificateDraft.AlternativeName],
        end: Timestamp?,
        locatedBy addresses: AuthorityAddresses?
    ) throws(EnrollmentError) -> CertificateDraft {
        let serialNumber = SerialNumber(node: plan.node, random: try self.random.octets(SerialNumber.randomOctets))
        var usage = profile.keyUsage
        if case .rsa = key.type { usage.formUnion(profile.keyUsageForRSA) }
        return CertificateDraft(
            profile: profile.name,
            serialNumber: serialNumber,
            issuerID: issuerID,
            subject: names,
            validity: Validity(
                from: self.clock.now,
                backdatedBy: profile.backdateSeconds,
                days: profile.validityDays,
                within: end
            ),
            publicKeyInfo: key.publicKeyInfo,
            role: profile.role,
            keyUsage: usage,
            purposes: profile.purposes,
            alternativeNames: alternatives,
            crlURLs: addresses.map { [$0.crl(issuer: issuerID, serialNumber: serialNumber)] } ?? [],
            crlShard: addresses.map { $0.shard(of: serialNumber) },
            ocspURL: addresses?.ocsp(issuer: issuerID),
            issuerURL: addresses?.certificate(of: issuerID)
        )
    }

    private func authorityName(
        _ plan: Plan,
        _ profile: CertificateProfile,
        _ commonName: String
    ) -> [CertificateDraft.NameAttribute] {
        let others = profile.subject.isEmpty ? [.init(.organization, plan.organization)] : profile.subject
        return others + [.init(.commonName, commonName)]
    }

    private func generate(_ type: KeyType) throws(EnrollmentError) -> SigningKey {
        try library("founding.key") { () throws(OpenSSLError) in try SigningKey.generate(type) }
    }

    private func end(of party: SigningParty) throws(EnrollmentError) -> Timestamp? {
        try encoding("founding.certificate", "The new certificate of \(party.id) has no readable end") {
            () throws(X509Error) in
            guard let certificate = party.certificate else { return nil }
            return Timestamp(seconds: try certificate.notAfterSeconds())
        }
    }
}
