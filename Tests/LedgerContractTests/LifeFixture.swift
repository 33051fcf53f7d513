internal import EnrollmentCore

/// A device as a test knows it after its enrollment.
struct Enrolled {
    let reservation: Reservation
    let certificate: IssuedCertificate

    var device: DeviceID { self.reservation.device }
    var user: DirectoryUser { self.reservation.user }
    var serial: SerialNumber { self.certificate.serialNumber }
}

extension LedgerFixture {
    static let day: Int64 = 86_400

    static func later(_ seconds: Int64) -> Timestamp { Self.start.adding(seconds: seconds) }

    /// A device certificate that one of its issuer's CRLs would list.
    static func leaf(
        at now: Timestamp = start,
        days: Int = 365,
        shard: Int? = 3,
        key: [UInt8] = octets(32),
        issuer: String = "2026-a"
    ) -> PreparedCertificate {
        let plain = Self.prepared(key: key, issuer: issuer)
        let draft = CertificateDraft(
            profile: plain.draft.profile,
            serialNumber: plain.draft.serialNumber,
            issuerID: issuer,
            subject: plain.draft.subject,
            validity: Validity(from: now, backdatedBy: 300, days: days, within: nil),
            publicKeyInfo: plain.draft.publicKeyInfo,
            role: .endEntity,
            keyUsage: .digitalSignature,
            purposes: [.clientAuth],
            alternativeNames: [],
            crlURLs: shard.map { ["http://pki.example/pki/crl/\(issuer)/\($0).crl"] } ?? [],
            crlShard: shard
        )
        return PreparedCertificate(
            draft: draft,
            toBeSigned: plain.toBeSigned,
            toBeSignedDigest: plain.toBeSignedDigest,
            keyDigest: key,
            subject: plain.subject
        )
    }

    static func order(
        _ verb: AdministrativeAct.Verb,
        _ device: DeviceID,
        at now: Timestamp = start,
        because reason: RevocationReason = .cessationOfOperation,
        permitUntil: Timestamp? = nil
    ) -> DeviceOrder {
        DeviceOrder(
            device: device,
            act: Self.act(verb, at: now),
            revocationReason: reason,
            permitUntil: permitUntil
        )
    }

    static func renewal(
        of candidate: RenewalCandidate,
        by user: DirectoryUser,
        claims: DeviceClaims = DeviceClaims(deviceID: "", enrollmentType: .full, items: []),
        prepared: PreparedCertificate? = nil,
        usesPermit: Bool = false,
        limit: Int = 5,
        triesPerDay: Int = 1_000,
        attempt: Attempt? = nil,
        at now: Timestamp
    ) -> RenewalReservation {
        let prepared = prepared ?? Self.leaf(at: now)
        var attempt = attempt ?? Self.attempt(.renewal, at: now)
        attempt.device = candidate.device.device
        attempt.userID = user.id
        attempt.serialNumber = prepared.draft.serialNumber
        return RenewalReservation(
            candidate: candidate,
            user: user,
            claims: claims,
            credentialKind: "certificate",
            prepared: prepared,
            protection: .hardware,
            delivered: ["root-2", "2027-a"],
            usesPermit: usesPermit,
            limit: DeviceLimit(maximum: limit, rule: "default", staleBefore: now.adding(days: -90)),
            triesPerDay: triesPerDay,
            attempt: attempt,
            now: now
        )
    }

    static func certificate(for prepared: PreparedCertificate) -> IssuedCertificate {
        IssuedCertificate(
            serialNumber: prepared.draft.serialNumber,
            issuerID: prepared.draft.issuerID,
            der: [0x30, 0x82] + prepared.toBeSigned,
            thumbprint: Self.octets(32),
            windowsThumbprint: Self.octets(20),
            validity: prepared.draft.validity
        )
    }

    static func confirmation(
        of renewal: RenewalReservation,
        _ receipt: IntentReceipt,
        overlapDays: Int = 30
    ) -> Confirmation {
        var attempt = renewal.attempt
        attempt.succeed(at: renewal.now.adding(seconds: 1))
        return Confirmation(
            receipt: receipt,
            certificate: Self.certificate(for: renewal.prepared),
            course: .renewal(of: renewal.candidate.certificate.serialNumber),
            attempt: attempt,
            eventID: DeviceID(random: Self.octets(16)),
            now: renewal.now,
            supersedeAfter: renewal.now.adding(days: overlapDays)
        )
    }

    static func refusal(of renewal: RenewalReservation) -> Attempt {
        var attempt = renewal.attempt
        attempt.refuse(
            EnrollmentError(.internalService, "The key did not sign.", rule: "issuance.signature"),
            at: renewal.now.adding(seconds: 1)
        )
        return attempt
    }
}

extension RenewalReservationOutcome {
    var receipt: IntentReceipt? {
        if case .reserved(let receipt) = self { receipt } else { nil }
    }
}

extension DeviceOrderOutcome {
    var report: DeviceOrderReport? {
        if case .done(let report) = self { report } else { nil }
    }

    var isRefused: Bool {
        if case .refused = self { true } else { false }
    }
}
