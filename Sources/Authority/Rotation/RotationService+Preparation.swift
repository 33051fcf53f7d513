package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

extension RotationService {
    /// What an issuer that is to be prepared would be.
    package struct Preparation: Hashable, Sendable {
        package let id: String
        package let role: IssuerRecord.Role
        /// RFC 4514.
        package let subject: String
        package let validity: Validity
        /// The root that signs; the issuer itself for a root.
        package let signedBy: String
    }

    var maker: CertificateMaker {
        CertificateMaker(
            ledger: self.ports.ledger,
            vault: self.ports.vault,
            clock: self.ports.clock,
            random: self.ports.random,
            node: self.rules.node
        )
    }

    /// Makes a new issuer: its key, its certificate, a trial of what it is to sign.
    ///
    /// The order of issuing holds. What breaks off in between leaves an intent in the ledger, and a key that nobody has
    /// any more; ordered again, both are made anew.
    ///
    /// - Parameters:
    ///   - order: What to make.
    ///   - keyMaker: Makes the key; `nil` takes whoever is to make the next of its role.
    ///   - act: Who, why.
    /// - Returns: The issuer, which is prepared.
    /// - Throws: ``EnrollmentError`` with code `authorization` for what ``KeyRotation`` refuses, and when the root's key
    ///   is not at hand.
    package func prepare(
        _ order: Order,
        keyMaker: (any IssuerKeyMaker)? = nil,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> IssuerRecord {
        let rotation = try await self.rotation()
        let root = try self.signer(for: order, in: rotation)
        let keys = try self.maker(keyMaker, for: order, in: rotation)
        let (key, location) = try await keys.make(order.key, for: order.id)
        do throws(EnrollmentError) {
            let (wish, signer) = try await self.wish(order, key: key, root: root, in: rotation)
            let (certificate, receipt) = try await self.maker.issue(wish, by: signer)
            try await self.trial.run(
                order.id,
                as: order.role,
                key: key,
                certificate: certificate.der,
                answersOCSP: location.isAtHand
            )
            let issuer = IssuerRecord(
                id: order.id,
                role: order.role,
                state: .prepared,
                signedBy: signer.id,
                certificate: certificate.der,
                key: location,
                created: self.ports.clock.now
            )
            try await self.ports.ledger.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
            return issuer
        } catch  where !error.code.isOperatorsConcern {
            // Refused for certain, so that nobody needs the key; where it cannot be told, it is kept.
            try await keys.destroy(location, of: order.id)
            throw error
        }
    }

    /// Does all of ``prepare(_:keyMaker:by:)`` with a key that is thrown away; nothing is recorded.
    package func rehearse(
        _ order: Order,
        keyMaker: (any IssuerKeyMaker)? = nil
    ) async throws(EnrollmentError) -> Preparation {
        let rotation = try await self.rotation()
        let root = try self.signer(for: order, in: rotation)
        try await self.maker(keyMaker, for: order, in: rotation).ensureReach()
        let key = HeldKey(try await KeyBench().generate(order.key))
        let (wish, signer) = try await self.wish(order, key: key, root: root, in: rotation)
        let prepared = try self.maker.rehearse(wish, by: signer)
        return Preparation(
            id: order.id,
            role: order.role,
            subject: prepared.subject,
            validity: prepared.draft.validity,
            signedBy: signer.id
        )
    }

    private func maker(
        _ given: (any IssuerKeyMaker)?,
        for order: Order,
        in rotation: KeyRotation
    ) throws(EnrollmentError) -> any IssuerKeyMaker {
        if let given { return given }
        return try self.ports.keyMaker.maker(following: rotation.latest(order.role)?.issuer, as: order.role)
    }

    // MARK: A root that was made elsewhere

    /// Takes in the certificate of a root that was made on an offline machine: the root is prepared then.
    ///
    /// - Parameters:
    ///   - certificate: DER.
    ///   - id: As the machine calls it.
    ///   - act: Who, why.
    /// - Returns: The root.
    /// - Throws: ``EnrollmentError`` with code `authorization` for what ``KeyRotation`` refuses, with rule
    ///   `ceremony.root` for a certificate that is no sound root's, and with a rule of the lint when what it signed would
    ///   break one.
    package func admit(
        root certificate: [UInt8],
        id: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> IssuerRecord {
        let root = try await self.examine(root: certificate, id: id)
        let receipt = try await self.ports.ledger.recordIntent(root.prepared, at: self.ports.clock.now)
        let issuer = root.record(.prepared, created: self.ports.clock.now)
        try await self.ports.ledger.confirmPrepared(issuer, certificate: root.issued, receipt: receipt, act: act)
        return issuer
    }

    /// Judges such a certificate; nothing is recorded.
    package func rehearseAdmission(root certificate: [UInt8], id: String) async throws(EnrollmentError) {
        _ = try await self.examine(root: certificate, id: id)
    }

    private func examine(root certificate: [UInt8], id: String) async throws(EnrollmentError) -> OfflineRootCertificate
    {
        try self.judgePreparation(of: id, as: .root, in: try await self.rotation())
        let root = try OfflineRootCertificate(certificate, id: id, profile: self.rules.root)
        let key = try AbsentKey(of: id, certificate: certificate)
        try await self.trial.run(id, as: .root, key: key, certificate: certificate, answersOCSP: false)
        return root
    }

    private func judgePreparation(
        of id: String,
        as role: IssuerRecord.Role,
        in rotation: KeyRotation
    ) throws(EnrollmentError) {
        do throws(RotationRefusal) {
            try rotation.judgePreparation(of: id, as: role)
        } catch {
            throw EnrollmentError(error)
        }
    }

    /// The root that is to sign, or `nil` for a new root.
    private func signer(for order: Order, in rotation: KeyRotation) throws(EnrollmentError) -> IssuerRecord? {
        try self.judgePreparation(of: order.id, as: order.role, in: rotation)
        guard order.role == .issuing, let root = rotation.active(.root)?.issuer else { return nil }
        guard self.ports.keys.isAtHand(root) else {
            throw EnrollmentError(
                .authorization,
                root.key.place == "split"
                    ? "The key of \(root.id), which has to sign \(order.id), is split. Bring its shares: --share-file."
                    : "The key of \(root.id), which has to sign \(order.id), is \(root.key.place). Its certificate comes by"
                        + " a ceremony: gatehouse ca prepare --offline FILE.",
                rule: "rotation.root-elsewhere",
                facts: [Fact("root", root.id), Fact("place", root.key.place)]
            )
        }
        return root
    }

    private func wish(
        _ order: Order,
        key: any IssuerKey,
        root: IssuerRecord?,
        in rotation: KeyRotation
    ) async throws(EnrollmentError) -> (CertificateMaker.Order, SigningParty) {
        let namesake = root ?? rotation.active(.root)?.issuer ?? rotation.standings.first?.issuer
        guard let namesake else { throw EnrollmentError(RotationRefusal(.prepare, order.id, .noActiveRoot)) }
        let authorities = AuthorityMaker(
            maker: self.maker,
            organization: try AuthorityName.organization(of: namesake),
            addresses: self.rules.addresses
        )
        guard let root else {
            return try authorities.rootOrder(order.id, key: key, profile: self.rules.root)
        }
        let wish = authorities.issuingOrder(
            order.id,
            key: key,
            profile: self.rules.issuing,
            answersOCSP: root.key.isAtHand
        )
        return (wish, try await self.party(of: root))
    }

    private var trial: IssuerTrial {
        IssuerTrial(
            maker: self.maker,
            device: self.rules.device,
            issuing: self.rules.issuing,
            addresses: self.rules.addresses
        )
    }

    func party(of issuer: IssuerRecord) async throws(EnrollmentError) -> SigningParty {
        try await KeyBench().open(issuer, from: self.ports.keys)
    }
}
