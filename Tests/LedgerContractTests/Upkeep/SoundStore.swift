internal import EnrollmentCore
internal import Ledger
internal import OpenSSLKit
internal import Testing

/// Fills a ledger with a row of every kind, and octets that fit together as real ones do.
struct SoundStore {
    static let digest: StoreDigest = { try Digest.sha256($0) }

    /// Tables that stay empty: `trust` is the former program's, and ceremonies are not the ledger's to begin.
    static let empty: Set<String> = ["trust", "ceremony"]

    let ledger: any LedgerStore

    /// Devices in different states, as they are afterwards.
    struct Devices {
        let active: Enrolled
        let held: Enrolled
        let reset: Enrolled
        let reserved: Reservation
    }

    // MARK: Octets

    /// A SEQUENCE with that content.
    static func sequence(_ content: [UInt8]) -> [UInt8] {
        [0x30, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
    }

    static func prepared(days: Int = 365, shard: Int? = 3, at now: Timestamp = LedgerFixture.start) throws
        -> PreparedCertificate
    {
        let plain = LedgerFixture.leaf(at: now, days: days, shard: shard)
        let octets = Self.sequence(LedgerFixture.octets(600))
        return PreparedCertificate(
            draft: plain.draft,
            toBeSigned: octets,
            toBeSignedDigest: try Digest.sha256(octets),
            keyDigest: plain.keyDigest,
            subject: plain.subject
        )
    }

    static func certificate(for prepared: PreparedCertificate) throws -> IssuedCertificate {
        let der = Self.sequence(prepared.toBeSigned + LedgerFixture.octets(80))
        return IssuedCertificate(
            serialNumber: prepared.draft.serialNumber,
            issuerID: prepared.draft.issuerID,
            der: der,
            thumbprint: try Digest.sha256(der),
            windowsThumbprint: LedgerFixture.octets(20),
            validity: prepared.draft.validity
        )
    }

    // MARK: Rows

    func reservation(of user: DirectoryUser, days: Int = 365, at now: Timestamp = LedgerFixture.start) throws
        -> Reservation
    {
        let plain = LedgerFixture.reservation(
            of: user,
            claims: LedgerFixture.claims(name: "Bürorechner 工作站"),
            prepared: try Self.prepared(days: days, at: now),
            limit: 1_000,
            now: now
        )
        return Reservation(
            user: user,
            claims: plain.claims,
            credentialKind: plain.credentialKind,
            device: plain.device,
            isReturning: false,
            prepared: plain.prepared,
            protection: .software,
            delivered: ["root-1", "2026-a"],
            limit: plain.limit,
            attempt: plain.attempt,
            now: now
        )
    }

    func enroll(_ user: DirectoryUser, days: Int = 365, at now: Timestamp = LedgerFixture.start) async throws
        -> Enrolled
    {
        let reservation = try self.reservation(of: user, days: days, at: now)
        let receipt = try #require(try await self.ledger.reserve(reservation).receipt)
        let certificate = try Self.certificate(for: reservation.prepared)
        try await self.ledger.confirm(
            LedgerFixture.confirmation(of: reservation, receipt, certificate: certificate)
        )
        return Enrolled(reservation: reservation, certificate: certificate)
    }

    private func renew(_ enrolled: Enrolled, at now: Timestamp) async throws -> IssuedCertificate {
        let renewal = LedgerFixture.renewal(
            of: try #require(try await self.ledger.candidate(thumbprint: enrolled.certificate.thumbprint)),
            by: enrolled.user,
            prepared: try Self.prepared(at: now),
            at: now
        )
        let receipt = try #require(try await self.ledger.reserve(renewal).receipt)
        let plain = LedgerFixture.confirmation(of: renewal, receipt)
        let certificate = try Self.certificate(for: renewal.prepared)
        try await self.ledger.confirm(
            Confirmation(
                receipt: receipt,
                certificate: certificate,
                course: plain.course,
                attempt: plain.attempt,
                eventID: plain.eventID,
                now: now,
                supersedeAfter: plain.supersedeAfter
            )
        )
        return certificate
    }

    /// A certificate of the authority's or the service's own.
    private func own() async throws -> (certificate: IssuedCertificate, receipt: IntentReceipt) {
        let prepared = try Self.prepared(days: 3_000, shard: nil)
        let receipt = try await self.ledger.recordIntent(prepared, at: LedgerFixture.start)
        return (try Self.certificate(for: prepared), receipt)
    }

    private func found() async throws {
        try await self.ledger.storeSealingParameters([0, 1, 255])
        for (id, role) in [("root-1", IssuerRecord.Role.root), ("2026-a", .issuing)] {
            let (certificate, receipt) = try await self.own()
            let issuer = IssuerRecord(
                id: id,
                role: role,
                state: .active,
                signedBy: "root-1",
                certificate: certificate.der,
                key: role == .root ? .offline : .sealed(LedgerFixture.octets(200)),
                created: LedgerFixture.start
            )
            try await self.ledger.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
        }
        try await self.rotate()
        for _ in 0..<2 {
            let (certificate, receipt) = try await self.own()
            let record = ServiceCertificateRecord(
                use: "tls",
                serialNumber: certificate.serialNumber,
                chain: [certificate.der],
                sealedKey: LedgerFixture.octets(200),
                notAfter: certificate.validity.notAfter
            )
            try await self.ledger.confirmService(record, certificate: certificate, receipt: receipt)
        }
    }

    /// A root on its way with its link certificate, and an issuer that was compromised.
    private func rotate() async throws {
        let now = LedgerFixture.start
        let act = LedgerFixture.act(.prepareIssuer, at: now)
        let (root, rootReceipt) = try await self.own()
        let next = LedgerFixture.issuer("root-2", .root, by: "root-2", certificate: root)
        try await self.ledger.confirmPrepared(next, certificate: root, receipt: rootReceipt, act: act)
        let (certificate, receipt) = try await self.own()
        let link = LinkCertificate(
            subjectID: "root-2",
            signedBy: "root-1",
            serialNumber: certificate.serialNumber,
            certificate: certificate.der
        )
        try await self.ledger.confirmLink(link, certificate: certificate, receipt: receipt)
        let (former, formerReceipt) = try await self.own()
        let compromised = IssuerRecord(
            id: "2025-a",
            role: .issuing,
            state: .compromised,
            signedBy: "root-1",
            certificate: former.der,
            key: .sealed(LedgerFixture.octets(200)),
            created: now,
            moments: IssuerRecord.Moments(published: now, activated: now, deposed: now, ended: now)
        )
        try await self.ledger.confirmIssuer(compromised, certificate: former, receipt: formerReceipt)
        _ = try await self.ledger.beginCompromise(of: "2025-a", successor: "2026-a", perMinute: 0, by: act)
    }

    /// Places most events, and tells a destination of some of them.
    private func handOff(_ held: Enrolled, at now: Timestamp) async throws {
        #expect(try await self.ledger.record(LedgerFixture.limitRefusal()))
        #expect(try await self.ledger.placeEvents(limit: 8) == 8)
        let events = try await self.ledger.events(after: 0, kinds: [.held], limit: 1)
        let position = try #require(events.first).position
        #expect(try await self.ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
        let report = LedgerFixture.report(
            cursor: position,
            open: [
                LedgerFixture.delivery(position, of: held.device),
                LedgerFixture.delivery(position - 1, of: held.device, .dead),
            ]
        )
        #expect(try await self.ledger.record(report))
        try await self.ledger.leaveDestination("mdm", holder: LedgerFixture.sender)
        let token = APIToken(
            id: "01ABCDEFGHJK",
            digest: LedgerFixture.octets(32),
            name: "mdm",
            owner: "platform team",
            scopes: [.readEvents],
            created: now,
            expires: now.adding(days: 90)
        )
        try await self.ledger.insert(token, by: LedgerFixture.act(.createToken))
    }

    /// Founds an authority and lets devices live, so that no table stays empty.
    ///
    /// - Parameter more: Devices besides those of every kind.
    /// - Returns: Some of them.
    /// - Throws: What the ledger refused.
    @discardableResult
    func fill(more: Int = 0) async throws -> Devices {
        try await self.found()
        let user = LedgerFixture.user("kim")
        let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 3)
        let later = LedgerFixture.start.adding(days: 300)

        // One that ended long ago, of which only a proof is left.
        let short = try await self.enroll(LedgerFixture.user("old"), days: 3)
        _ = try await self.ledger.revoke(LedgerFixture.order([short.serial], at: LedgerFixture.start))
        for day in [10, 20, 30] {
            try await self.ledger.makeCRL(of: shard, at: LedgerFixture.start.adding(days: day))
        }
        let month = LedgerFixture.start.adding(days: 30)
        #expect(try await self.ledger.pruneCertificates(endedBefore: month, at: month, limit: 9) == 1)
        #expect(try await self.ledger.pruneChanges(recordedBefore: month, limit: 9) == 1)

        let active = try await self.enroll(user)
        let renewed = try await self.renew(active, at: later)
        _ = try await self.ledger.note(
            Contact(thumbprint: renewed.thumbprint, witness: .mutualTLS, time: later.adding(days: 1))
        )
        let held = try await self.enroll(user)
        _ = try await self.ledger.hold(LedgerFixture.order(.hold, held.device))
        let reset = try await self.enroll(user)
        _ = try await self.ledger.reset(
            LedgerFixture.order(.reset, reset.device, permitUntil: LedgerFixture.start.adding(days: 900))
        )
        let revoked = try await self.enroll(user)
        _ = try await self.ledger.revoke(LedgerFixture.order([revoked.serial], at: later))
        let shared = try await self.enroll(user)
        _ = try await self.ledger.setShared(true, shared.device)

        // One that came to nothing, and one that is under way.
        let refused = try self.reservation(of: user)
        let receipt = try #require(try await self.ledger.reserve(refused).receipt)
        try await self.ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: refused))
        let reserved = try self.reservation(of: user)
        _ = try await self.ledger.reserve(reserved)

        _ = try await self.ledger.blockKey(LedgerFixture.octets(32), act: LedgerFixture.act(.blockKey))
        let override = LimitOverride(maximum: 2, until: later, reason: "")
        #expect(try await self.ledger.setLimitOverride(override, of: user.id))
        _ = try await self.ledger.addToAgreement([AgreedSetting(name: "deviceLimit", value: "10")], at: later)
        // A turn that was taken and not ended leaves a lease and a number without a CRL.
        _ = try await self.ledger.turn(at: shard, now: later)
        try await self.handOff(held, at: later)
        for _ in 0..<more { _ = try await self.enroll(LedgerFixture.user("lee")) }
        return Devices(active: active, held: held, reset: reset, reserved: reserved)
    }
}
