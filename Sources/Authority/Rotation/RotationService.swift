package import EnrollmentCore
package import OpenSSLKit

/// Carries out the verbs of key rotation.
///
/// ``KeyRotation`` says what a verb comes to; this makes the keys and certificates that it needs, and has the ledger take
/// the step. Whatever was broken off goes on when the same is ordered again.
package struct RotationService: Sendable {
    package typealias Store = AuthorityLedger & CeremonyLedger & RevocationLedger & RotationLedger

    package struct Ports: Sendable {
        package var ledger: any Store
        /// Opens issuers' keys.
        package var keys: any IssuerKeySource
        package var vault: Vault
        /// Destroys keys that are not in the store.
        package var keyMaker: any IssuerKeyMaker
        /// Publishes an issuer's last CRLs, and a root's that is to be seen at once.
        package var publisher: CRLPublisher
        /// What `publisher` signs with.
        package var issuerKeys: IssuerKeys
        package var clock: any WallClock
        package var random: any RandomSource

        package init(
            ledger: any Store,
            keys: any IssuerKeySource,
            vault: Vault,
            keyMaker: any IssuerKeyMaker,
            publisher: CRLPublisher,
            issuerKeys: IssuerKeys,
            clock: any WallClock,
            random: any RandomSource
        ) {
            self.ledger = ledger
            self.keys = keys
            self.vault = vault
            self.keyMaker = keyMaker
            self.publisher = publisher
            self.issuerKeys = issuerKeys
            self.clock = clock
            self.random = random
        }
    }

    package struct Rules: Sendable {
        package var root: CertificateProfile
        package var issuing: CertificateProfile
        /// Of what a new issuer is to sign, for its trial.
        package var device: CertificateProfile
        package var addresses: AuthorityAddresses
        /// The first octet of serial numbers, 1–127.
        package var node: UInt8
        /// Percent of live devices that have to know a root before it is activated.
        package var adoptionThreshold: Int

        package init(
            root: CertificateProfile,
            issuing: CertificateProfile,
            device: CertificateProfile,
            addresses: AuthorityAddresses,
            node: UInt8,
            adoptionThreshold: Int
        ) {
            self.root = root
            self.issuing = issuing
            self.device = device
            self.addresses = addresses
            self.node = node
            self.adoptionThreshold = adoptionThreshold
        }
    }

    /// A new issuer.
    package struct Order: Hashable, Sendable {
        package var id: String
        package var role: IssuerRecord.Role
        package var key: KeyType

        package init(id: String, role: IssuerRecord.Role, key: KeyType) {
            self.id = id
            self.role = role
            self.key = key
        }
    }

    let ports: Ports
    let rules: Rules

    package init(_ ports: Ports, rules: Rules) {
        self.ports = ports
        self.rules = rules
    }

    /// All issuers with what hangs on them, now.
    package func rotation() async throws(EnrollmentError) -> KeyRotation {
        let now = self.ports.clock.now
        return try KeyRotation(
            try await self.ports.ledger.issuerFigures(at: now),
            adoptionThreshold: self.rules.adoptionThreshold,
            now: now
        )
    }

    // MARK: Steps

    /// Carries out any verb but `prepare` and `compromise`.
    ///
    /// - Parameters:
    ///   - verb: The verb.
    ///   - id: The issuer.
    ///   - act: Who, why.
    ///   - override: Why a gate is to be passed all the same.
    /// - Returns: What was done; a change that is nothing when it was done before.
    /// - Throws: ``EnrollmentError`` with code `authorization` and a rule of ``RotationRefusal`` or ``RotationLedger``.
    @discardableResult
    package func perform(
        _ verb: RotationVerb,
        _ id: String,
        by act: AdministrativeAct,
        overriding override: String? = nil
    ) async throws(EnrollmentError) -> RotationChange {
        let rotation = try await self.rotation()
        let change = try self.change(verb, id, in: rotation, overriding: override)
        try await self.carryOut(change, in: rotation, by: act)
        return change
    }

    /// The same, taken back at the end: nothing is made, signed or published.
    @discardableResult
    package func rehearse(
        _ verb: RotationVerb,
        _ id: String,
        by act: AdministrativeAct,
        overriding override: String? = nil
    ) async throws(EnrollmentError) -> RotationChange {
        let rotation = try await self.rotation()
        let change = try self.change(verb, id, in: rotation, overriding: override)
        try await self.rehearse(change, in: rotation, by: act)
        return change
    }

    /// Takes drained issuers a step further.
    ///
    /// - Parameter act: A fresh act for each.
    /// - Returns: Their ids.
    /// - Throws: ``EnrollmentError`` when the store did not do its part.
    package func settle(
        by act: () throws(EnrollmentError) -> AdministrativeAct
    ) async throws(EnrollmentError) -> [String] {
        let rotation = try await self.rotation()
        for change in rotation.drained {
            try await self.ports.ledger.apply(change, announcing: [], by: try act())
        }
        return rotation.drained.map(\.id)
    }

    /// Carries out a change of any verb but `prepare`, with all that it needs besides the store's part.
    package func carryOut(
        _ change: RotationChange,
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        guard !change.isNothing else {
            try await self.complete(change, in: rotation, by: act)
            return
        }
        let announcements = try self.announcements(of: change, in: rotation)
        switch change.verb {
        case .publish: try await self.makeLinks(to: change.id, in: rotation)
        case .activate: try await self.tryKey(of: change.id, in: rotation)
        case .retire:
            try await self.retire(change, announcements, in: rotation, by: act)
            try await self.complete(change, in: rotation, by: act)
            return
        case .prepare, .drain, .abort, .compromise: break
        }
        try await self.ports.ledger.apply(change, announcing: announcements, by: act)
        try await self.complete(change, in: rotation, by: act)
    }

    /// Does all of a change but the deed.
    package func rehearse(
        _ change: RotationChange,
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        guard !change.isNothing else { return }
        switch change.verb {
        case .publish: try await self.judgeLinks(to: change.id, in: rotation)
        case .activate: try await self.tryKey(of: change.id, in: rotation)
        case .prepare, .drain, .retire, .abort, .compromise: break
        }
        do throws(EnrollmentError) {
            try await self.ports.ledger.rehearse(
                change,
                announcing: try self.announcements(of: change, in: rotation),
                by: act
            )
        } catch  where error.rule == "rotation.last-crl" {
            // Its last CRLs are made when it is done.
            guard self.isAtHand(change.id, in: rotation) else { throw self.naming(error, change.id, in: rotation) }
        }
    }

    func change(
        _ verb: RotationVerb,
        _ id: String,
        in rotation: KeyRotation,
        overriding override: String? = nil,
        freezing: Bool = false
    ) throws(EnrollmentError) -> RotationChange {
        do throws(RotationRefusal) {
            return try rotation.change(verb, id, overriding: override, freezing: freezing)
        } catch {
            throw EnrollmentError(error)
        }
    }

    func announcements(
        of change: RotationChange,
        in rotation: KeyRotation
    ) throws(EnrollmentError) -> [RotationAnnouncement] {
        var announcements: [RotationAnnouncement] = []
        for told in change.announcements {
            guard let standing = rotation.standing(of: told.id) else {
                throw EnrollmentError(RotationRefusal(change.verb, told.id, .unknown))
            }
            announcements.append(
                RotationAnnouncement(
                    eventID: DeviceID(random: try self.ports.random.octets(16)),
                    kind: told.kind,
                    announcement: try IssuerAnnouncement(of: standing.issuer)
                )
            )
        }
        return announcements
    }

    func isAtHand(_ id: String, in rotation: KeyRotation) -> Bool {
        rotation.standing(of: id).map { self.ports.keys.isAtHand($0.issuer) } ?? false
    }

    /// An act that goes with another one: of the same person, for the same reason.
    func companion(
        of act: AdministrativeAct,
        _ verb: AdministrativeAct.Verb
    ) throws(EnrollmentError) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: try self.ports.random.octets(TraceID.randomOctets)),
            verb: verb,
            actor: act.actor,
            reason: act.reason,
            ticket: act.ticket,
            time: self.ports.clock.now
        )
    }

    // MARK: What a step needs besides

    /// Opens the key and compares it with the certificate, before everybody depends on it.
    private func tryKey(of id: String, in rotation: KeyRotation) async throws(EnrollmentError) {
        guard let issuer = rotation.standing(of: id)?.issuer, self.ports.keys.isAtHand(issuer) else { return }
        let party = try await self.party(of: issuer)
        let message = Array("gatehouse trial of \(id)".utf8)
        let signature = try await party.key.sign(message)
        let holds = try library("rotation.trial") { () throws(OpenSSLError) in
            try party.verifyingKey.verifies(signature, over: message, with: SignatureAlgorithm(party.scheme))
        }
        guard holds else {
            party.key.distrust()
            throw EnrollmentError(
                .internalService,
                "A trial signature by the key of \(id) does not verify, so it is not activated.",
                rule: "rotation.trial"
            )
        }
    }

    /// Last CRLs first; one that was overtaken by a revocation or by a regular one is made again.
    private func retire(
        _ change: RotationChange,
        _ announcements: [RotationAnnouncement],
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        for attempt in 1... {
            if self.isAtHand(change.id, in: rotation), let standing = rotation.standing(of: change.id),
                standing.notAfter > self.ports.clock.now
            {
                try await self.ports.issuerKeys.refresh()
                try await self.ports.publisher.publishLast(of: change.id, until: standing.notAfter)
            }
            do throws(EnrollmentError) {
                try await self.ports.ledger.apply(change, announcing: announcements, by: act)
                return
            } catch  where error.rule == "rotation.last-crl" {
                guard self.isAtHand(change.id, in: rotation) else { throw self.naming(error, change.id, in: rotation) }
                guard attempt < 3 else { throw error }
            }
        }
    }

    /// Says how the last CRLs of an issuer come about whose key is not at hand.
    private func naming(_ error: EnrollmentError, _ id: String, in rotation: KeyRotation) -> EnrollmentError {
        guard let standing = rotation.standing(of: id) else { return error }
        // Rounded up, and a day for the ceremony's clock.
        let days = max(0, standing.notAfter.seconds(since: rotation.now)) / 86_400 + 2
        let place = standing.issuer.key.place
        let way =
            place == "split"
            ? "bring its shares: gatehouse ca retire \(id) --share-file FILE, once for each share"
            : "gatehouse crl publish \(id) --offline FILE --days \(days)"
        return EnrollmentError(
            error.code,
            "\(error.detail) The key of \(id) is \(place): \(way).",
            rule: error.rule,
            facts: error.facts,
            cause: error
        )
    }

    /// What follows a change, whoever made it: keys outside the store, links, CRLs that are to be seen at once.
    private func complete(
        _ change: RotationChange,
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        guard let standing = rotation.standing(of: change.id) else { return }
        switch change.verb {
        case .retire:
            try await self.ports.keyMaker.destroyKey(of: standing.issuer)
        case .abort:
            try await self.ports.keyMaker.destroyKey(of: standing.issuer)
            try await self.revokeLinks(to: change.id, .cessationOfOperation, by: act)
            try await self.withdrawCeremonies(of: change.id, by: act)
        case .compromise:
            try await self.revokeLinks(to: change.id, .cACompromise, by: act)
            // Whatever comes back by then may be signed by somebody else.
            try await self.withdrawCeremonies(of: change.id, by: act)
            try await self.publishWaiting()
        case .publish:
            // A compromise that was broken off has published its successor without any.
            guard change.isNothing, standing.state == .published else { break }
            try await self.makeLinks(to: change.id, in: rotation)
        case .prepare, .activate, .drain: break
        }
    }
}
