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
    private let rootKeys: any IssuerKeyMaker
    private let issuerKeys: any IssuerKeyMaker
    private let clock: any WallClock
    private let random: any RandomSource

    /// - Parameters:
    ///   - ledger: An empty one.
    ///   - vault: Seals the service's own keys.
    ///   - rootKeys: Makes the root's key; `nil` has it sealed in the store.
    ///   - issuerKeys: Makes the issuing authority's; `nil` has it sealed in the store.
    ///   - clock: Dates everything.
    ///   - random: For serial numbers.
    package init(
        ledger: any AuthorityLedger,
        vault: Vault,
        rootKeys: (any IssuerKeyMaker)? = nil,
        issuerKeys: (any IssuerKeyMaker)? = nil,
        clock: any WallClock,
        random: any RandomSource
    ) {
        self.ledger = ledger
        self.vault = vault
        self.rootKeys = rootKeys ?? SealedKeyMaker(vault: vault)
        self.issuerKeys = issuerKeys ?? SealedKeyMaker(vault: vault)
        self.clock = clock
        self.random = random
    }

    /// Makes everything; a crash in between leaves intents in the ledger, never a forgotten certificate.
    package func found(_ plan: Plan) async throws(EnrollmentError) -> Result {
        let maker = CertificateMaker(
            ledger: self.ledger,
            vault: self.vault,
            clock: self.clock,
            random: self.random,
            node: plan.node
        )
        let (root, rootParty) = try await self.makeRoot(plan, with: maker)
        let (issuer, issuerParty) = try await self.makeIssuer(plan, root: rootParty, with: maker)
        let server = try await self.makeServerCertificate(plan, issuer: issuerParty, with: maker)
        return Result(root: root, issuer: issuer, server: server)
    }

    private func makeRoot(
        _ plan: Plan,
        with maker: CertificateMaker
    ) async throws(EnrollmentError) -> (IssuedCertificate, SigningParty) {
        let (key, location) = try await self.rootKeys.make(plan.rootKey, for: plan.rootID)
        let (order, selfSigner) = try self.authorities(plan, maker).rootOrder(
            plan.rootID,
            key: key,
            profile: plan.rootProfile
        )
        let (certificate, receipt) = try await maker.issue(order, by: selfSigner)
        try await self.confirm(certificate, receipt, of: plan.rootID, as: .root, signedBy: plan.rootID, key: location)
        return (certificate, try SigningParty(id: plan.rootID, key: key, certificate: certificate.der))
    }

    private func makeIssuer(
        _ plan: Plan,
        root: SigningParty,
        with maker: CertificateMaker
    ) async throws(EnrollmentError) -> (IssuedCertificate, SigningParty) {
        let (key, location) = try await self.issuerKeys.make(plan.issuerKey, for: plan.issuerID)
        let order = self.authorities(plan, maker).issuingOrder(
            plan.issuerID,
            key: key,
            profile: plan.issuingProfile,
            answersOCSP: true
        )
        let (certificate, receipt) = try await maker.issue(order, by: root)
        try await self.confirm(certificate, receipt, of: plan.issuerID, as: .issuing, signedBy: root.id, key: location)
        return (certificate, try SigningParty(id: plan.issuerID, key: key, certificate: certificate.der))
    }

    private func authorities(_ plan: Plan, _ maker: CertificateMaker) -> AuthorityMaker {
        AuthorityMaker(maker: maker, organization: plan.organization, addresses: plan.addresses)
    }

    private func makeServerCertificate(
        _ plan: Plan,
        issuer: SigningParty,
        with maker: CertificateMaker
    ) async throws(EnrollmentError) -> IssuedCertificate {
        let order = CertificateMaker.Order(
            profile: plan.serverProfile,
            subject: plan.serverProfile.subject + [.init(.commonName, plan.serverNames.first ?? "localhost")],
            alternativeNames: plan.serverNames.map { ServerName.alternativeName($0) },
            key: try self.generate(plan.serverKey),
            locations: .all(plan.addresses)
        )
        return try await maker.issueForService(order, use: "tls", by: issuer)
    }

    private func confirm(
        _ certificate: IssuedCertificate,
        _ receipt: IntentReceipt,
        of id: String,
        as role: IssuerRecord.Role,
        signedBy signer: String,
        key: KeyLocation
    ) async throws(EnrollmentError) {
        let now = self.clock.now
        let record = IssuerRecord(
            id: id,
            role: role,
            state: .active,
            signedBy: signer,
            certificate: certificate.der,
            key: key,
            created: now,
            moments: IssuerRecord.Moments(published: now, activated: now)
        )
        try await self.ledger.confirmIssuer(record, certificate: certificate, receipt: receipt)
    }

    private func generate(_ type: KeyType) throws(EnrollmentError) -> SigningKey {
        try library("founding.key") { () throws(OpenSSLError) in try SigningKey.generate(type) }
    }
}
