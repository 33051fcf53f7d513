internal import EnrollmentCore
internal import Testing

extension LedgerFixture {
    static let root = "root-1"

    /// An issuer as a test makes one; its key is in the store.
    static func issuer(
        _ id: String,
        _ role: IssuerRecord.Role = .issuing,
        _ state: IssuerRecord.State = .prepared,
        by signer: String = root,
        key: KeyLocation = .sealed(octets(200)),
        certificate: IssuedCertificate,
        at now: Timestamp = start
    ) -> IssuerRecord {
        IssuerRecord(
            id: id,
            role: role,
            state: state,
            signedBy: signer,
            certificate: certificate.der,
            key: key,
            created: now,
            moments: state == .active
                ? IssuerRecord.Moments(published: now, activated: now) : IssuerRecord.Moments()
        )
    }

    static func announcements(
        of change: RotationChange,
        among issuers: [IssuerRecord]
    ) throws -> [RotationAnnouncement] {
        try change.announcements.map { announcement in
            let issuer = try #require(issuers.first { $0.id == announcement.id })
            return RotationAnnouncement(
                eventID: DeviceID(random: Self.octets(16)),
                kind: announcement.kind,
                announcement: IssuerAnnouncement(
                    of: issuer,
                    subject: "CN=\(issuer.id)",
                    validity: Validity(from: Self.start, backdatedBy: 300, days: 3_650, within: nil),
                    thumbprint: Self.octets(32)
                )
            )
        }
    }
}

extension LedgerUnderTest {
    /// Records and stores a certificate of the authority's own with `store`.
    func own(
        by issuer: String = LedgerFixture.root,
        days: Int = 3_650,
        shard: Int? = 0,
        at now: Timestamp = LedgerFixture.start
    ) async throws -> (certificate: IssuedCertificate, receipt: IntentReceipt) {
        let prepared = LedgerFixture.leaf(at: now, days: days, shard: shard, issuer: issuer)
        let receipt = try await self.recordIntent(prepared, at: now)
        return (LedgerFixture.certificate(for: prepared), receipt)
    }

    /// A root and an issuer that is active.
    func foundAuthority(sealing: Bool = true, at now: Timestamp = LedgerFixture.start) async throws {
        if sealing { try await self.storeSealingParameters([0, 1, 255]) }
        for (id, role) in [(LedgerFixture.root, IssuerRecord.Role.root), (LedgerFixture.issuer, .issuing)] {
            let (certificate, receipt) = try await self.own(shard: role == .root ? nil : 0, at: now)
            let issuer = LedgerFixture.issuer(id, role, .active, certificate: certificate, at: now)
            try await self.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
        }
    }

    /// Prepares an issuer that the root signs, or a root that signs itself.
    @discardableResult
    func prepareIssuer(
        _ id: String,
        _ role: IssuerRecord.Role = .issuing,
        signedBy root: String = LedgerFixture.root,
        key: KeyLocation = .sealed(LedgerFixture.octets(200)),
        by act: AdministrativeAct = LedgerFixture.act(.prepareIssuer),
        at now: Timestamp = LedgerFixture.start
    ) async throws -> SerialNumber {
        let signer = role == .root ? id : root
        let (certificate, receipt) = try await self.own(by: signer, shard: role == .root ? nil : 0, at: now)
        let issuer = LedgerFixture.issuer(id, role, by: signer, key: key, certificate: certificate, at: now)
        try await self.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
        return certificate.serialNumber
    }

    func rotation(at now: Timestamp) async throws -> KeyRotation {
        let figures = try await self.issuerFigures(at: now)
        let standings = figures.issuers.map { issuer in
            let figure = figures.figures[issuer.id] ?? IssuerFigures.Figure()
            return IssuerStanding(
                issuer: issuer,
                notAfter: LedgerFixture.start.adding(days: 3_650),
                liveCertificates: figure.liveCertificates,
                knowingDevices: figure.knowingDevices
            )
        }
        return KeyRotation(
            standings: standings,
            liveDevices: figures.liveDevices,
            adoptionThreshold: 95,
            now: now
        )
    }

    /// What the verb comes to now.
    func change(_ verb: RotationVerb, _ id: String, at now: Timestamp = LedgerFixture.start) async throws
        -> RotationChange
    {
        try await self.rotation(at: now).change(verb, id, overriding: "A test.")
    }

    /// Carries it out.
    @discardableResult
    func carryOut(
        _ change: RotationChange,
        by act: AdministrativeAct? = nil,
        at now: Timestamp = LedgerFixture.start
    ) async throws -> AdministrativeAct {
        let act = act ?? LedgerFixture.act(.activateIssuer, at: now, reason: "It is due.")
        let announcements = try LedgerFixture.announcements(of: change, among: try await self.issuers())
        try await self.apply(change, announcing: announcements, by: act)
        return act
    }

    @discardableResult
    func take(_ verb: RotationVerb, _ id: String, at now: Timestamp = LedgerFixture.start) async throws
        -> AdministrativeAct
    {
        try await self.carryOut(try await self.change(verb, id, at: now), at: now)
    }

    func issuer(_ id: String) async throws -> IssuerRecord {
        try #require(try await self.issuers().first { $0.id == id })
    }

    /// Enrolls a device with a certificate by that issuer.
    func enrolled(
        by issuer: String,
        days: Int = 365,
        shard: Int? = 3,
        delivered: [String] = [LedgerFixture.root, LedgerFixture.issuer],
        at now: Timestamp = LedgerFixture.start
    ) async throws -> Enrolled {
        let user = LedgerFixture.user()
        let plain = LedgerFixture.reservation(
            of: user,
            prepared: LedgerFixture.leaf(at: now, days: days, shard: shard, issuer: issuer),
            now: now
        )
        let reservation = Reservation(
            user: user,
            claims: plain.claims,
            credentialKind: plain.credentialKind,
            device: plain.device,
            isReturning: false,
            prepared: plain.prepared,
            protection: .software,
            delivered: delivered,
            limit: plain.limit,
            attempt: plain.attempt,
            now: now
        )
        return Enrolled(reservation: reservation, certificate: try #require(try await self.enroll(reservation)))
    }

    /// Renews with a certificate by that issuer; the device is not seen with it yet.
    func renew(_ enrolled: Enrolled, by issuer: String, at now: Timestamp) async throws -> IssuedCertificate {
        let renewal = LedgerFixture.renewal(
            of: try await self.candidate(of: enrolled.certificate),
            by: enrolled.user,
            prepared: LedgerFixture.leaf(at: now, issuer: issuer),
            at: now
        )
        let receipt = try #require(try await self.reserve(renewal).receipt)
        let confirmation = LedgerFixture.confirmation(of: renewal, receipt)
        try await self.confirm(confirmation)
        return confirmation.certificate
    }
}
