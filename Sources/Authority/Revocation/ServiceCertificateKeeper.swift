package import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

/// Makes the service's own certificates anew well before they end: the listener's, and one OCSP responder's for each
/// issuer.
///
/// A certificate is replaced when a third of its life is left, or it is missing, or what it has to say has changed. The
/// order of issuing holds; keys are new each time and sealed.
package struct ServiceCertificateKeeper: Sendable {
    package struct Settings: Sendable {
        /// `nil` where the listener's certificate is not ours to keep.
        package var serverProfile: CertificateProfile?
        /// DNS names and addresses that the listener's certificate has to have, besides those it has; the main one
        /// first.
        package var serverNames: [String]
        /// `nil` keeps the kind that the present certificate has.
        package var serverKey: KeyType?
        package var responderProfile: CertificateProfile
        package var responderKey: KeyType
        package var addresses: AuthorityAddresses
        /// The first octet of serial numbers, 1–127.
        package var node: UInt8

        package init(
            serverProfile: CertificateProfile?,
            serverNames: [String],
            serverKey: KeyType? = nil,
            responderProfile: CertificateProfile,
            responderKey: KeyType = .ecdsaP256,
            addresses: AuthorityAddresses,
            node: UInt8
        ) {
            self.serverProfile = serverProfile
            self.serverNames = serverNames
            self.serverKey = serverKey
            self.responderProfile = responderProfile
            self.responderKey = responderKey
            self.addresses = addresses
            self.node = node
        }
    }

    /// What came of looking after every certificate.
    package struct Round: Sendable {
        package struct Renewal: Hashable, Sendable {
            package let use: String
            package let serialNumber: SerialNumber
            package let notAfter: Timestamp
            /// Why the former one did not do any more.
            package let reason: ServiceCertificateNeed
        }

        package struct Failure: Sendable {
            package let use: String
            package let error: EnrollmentError
        }

        package var renewed: [Renewal] = []
        package var failures: [Failure] = []
    }

    private let ledger: any AuthorityLedger
    private let keys: IssuerKeys
    private let clock: any WallClock
    private let settings: Settings
    private let maker: CertificateMaker
    private let bench = KeyBench()
    private let onRenewed: @Sendable (String) async -> Void

    /// - Parameters:
    ///   - ledger: Where the certificates are.
    ///   - keys: Who signs them.
    ///   - vault: Seals their keys.
    ///   - clock: Tells when it is time.
    ///   - random: For serial numbers.
    ///   - settings: What they have to say.
    ///   - onRenewed: Called with the use (`tls`, `ocsp/<issuer id>`) after each renewal, so that what holds the former
    ///     certificate takes the new one.
    package init(
        ledger: any AuthorityLedger,
        keys: IssuerKeys,
        vault: Vault,
        clock: any WallClock,
        random: any RandomSource,
        settings: Settings,
        onRenewed: @escaping @Sendable (String) async -> Void
    ) {
        self.ledger = ledger
        self.keys = keys
        self.clock = clock
        self.settings = settings
        self.maker = CertificateMaker(ledger: ledger, vault: vault, clock: clock, random: random, node: settings.node)
        self.onRenewed = onRenewed
    }

    /// The name under which the ledger keeps an issuer's responder certificate.
    package static func use(ofResponderFor issuerID: String) -> String { "ocsp/\(issuerID)" }

    /// Renews what is due; one certificate's failure does not keep the others from it.
    ///
    /// An issuer that is only published has its responder already, so that it can be asked from its first certificate on.
    package func renewDue() async -> Round {
        var round = Round()
        // A compromised key certifies nobody, not even who speaks for it: its CRLs do.
        for issuer in self.keys.issuers
        where issuer.notAfter > self.clock.now && issuer.record.state != .compromised {
            let use = Self.use(ofResponderFor: issuer.id)
            await self.attempt(use, into: &round) { () throws(EnrollmentError) in
                try await self.renewResponder(of: issuer, use: use)
            }
        }
        if let profile = self.settings.serverProfile, let issuer = self.keys.active {
            await self.attempt("tls", into: &round) { () throws(EnrollmentError) in
                try await self.renewServer(profile, of: issuer)
            }
        }
        return round
    }

    private func attempt(
        _ use: String,
        into round: inout Round,
        _ renew: () async throws(EnrollmentError) -> Round.Renewal?
    ) async {
        do throws(EnrollmentError) {
            guard let renewal = try await renew() else { return }
            round.renewed.append(renewal)
            await self.onRenewed(use)
        } catch {
            round.failures.append(Round.Failure(use: use, error: error))
        }
    }

    private func renewResponder(of issuer: RevocationIssuer, use: String) async throws(EnrollmentError) -> Round
        .Renewal?
    {
        let profile = self.settings.responderProfile
        let names = profile.subject + [.init(.commonName, "OCSP responder \(issuer.id)")]
        let wish = ServiceCertificateWish(
            issuer: issuer,
            profile: profile,
            subject: names,
            names: [],
            key: self.settings.responderKey
        )
        return try await self.renew(use, wish, locations: .issuerAlone(self.settings.addresses))
    }

    private func renewServer(
        _ profile: CertificateProfile,
        of issuer: RevocationIssuer
    ) async throws(EnrollmentError) -> Round.Renewal? {
        let present = try await self.ledger.serviceCertificate(for: "tls")
        let former = try present.flatMap { (record) throws(EnrollmentError) in try FormerServerNames(record) }
        var names = former?.names ?? []
        for name in self.settings.serverNames.map({ ServerName.alternativeName($0) }) where !names.contains(name) {
            if case .dns(let host) = name, former?.covers(host) ?? false { continue }
            names.append(name)
        }
        let commonName = former?.commonName ?? self.settings.serverNames.first ?? "localhost"
        let wish = ServiceCertificateWish(
            issuer: issuer,
            profile: profile,
            subject: profile.subject + [.init(.commonName, commonName)],
            names: names,
            key: self.settings.serverKey ?? former?.key ?? .ecdsaP256
        )
        return try await self.renew("tls", wish, locations: .all(self.settings.addresses))
    }

    private func renew(
        _ use: String,
        _ wish: ServiceCertificateWish,
        locations: CertificateMaker.Locations
    ) async throws(EnrollmentError) -> Round.Renewal? {
        let present = try await self.ledger.serviceCertificate(for: use)
        let now = self.clock.now
        guard let reason = try wish.need(instead: present, at: now) else { return nil }
        let party = try await self.keys.party(wish.issuer.id)
        let end = try self.maker.validity(of: wish.profile, by: party).notAfter
        // At its issuer's end a new one would end no later; to make one at every look would help nobody.
        if reason == .age, let present, end <= present.notAfter.adding(seconds: 60) { return nil }
        let order = CertificateMaker.Order(
            profile: wish.profile,
            subject: wish.subject,
            alternativeNames: wish.names,
            key: try await self.bench.generate(wish.key),
            locations: locations
        )
        let certificate = try await self.maker.issueForService(order, use: use, by: party)
        return Round.Renewal(
            use: use,
            serialNumber: certificate.serialNumber,
            notAfter: certificate.validity.notAfter,
            reason: reason
        )
    }
}
