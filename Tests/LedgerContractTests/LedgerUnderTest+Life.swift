internal import EnrollmentCore
internal import Testing

extension LedgerUnderTest {
    /// Enrolls a device; its certificate lasts so many days from then.
    @discardableResult
    func enrolled(
        _ user: DirectoryUser = LedgerFixture.user(),
        claims: DeviceClaims = LedgerFixture.claims(),
        as device: DeviceID? = nil,
        days: Int = 365,
        shard: Int? = 3,
        delivered: [String] = ["root-1", "2026-a"],
        at now: Timestamp = LedgerFixture.start
    ) async throws -> Enrolled {
        let plain = LedgerFixture.reservation(
            of: user,
            claims: claims,
            device: device,
            prepared: LedgerFixture.leaf(at: now, days: days, shard: shard),
            now: now
        )
        let reservation = Reservation(
            user: user,
            claims: claims,
            credentialKind: plain.credentialKind,
            device: plain.device,
            isReturning: plain.isReturning,
            prepared: plain.prepared,
            protection: .software,
            delivered: delivered,
            limit: plain.limit,
            attempt: plain.attempt,
            now: now
        )
        return Enrolled(
            reservation: reservation,
            certificate: try #require(try await self.enroll(reservation))
        )
    }

    func candidate(of certificate: IssuedCertificate) async throws -> RenewalCandidate {
        try #require(try await self.candidate(thumbprint: certificate.thumbprint))
    }

    /// Renews from this certificate all the way.
    func renew(
        _ certificate: IssuedCertificate,
        by user: DirectoryUser,
        days: Int = 365,
        overlapDays: Int = 30,
        at now: Timestamp
    ) async throws -> IssuedCertificate {
        let renewal = LedgerFixture.renewal(
            of: try await self.candidate(of: certificate),
            by: user,
            prepared: LedgerFixture.leaf(at: now, days: days),
            at: now
        )
        let receipt = try #require(try await self.reserve(renewal).receipt)
        let confirmation = LedgerFixture.confirmation(of: renewal, receipt, overlapDays: overlapDays)
        try await self.confirm(confirmation)
        return confirmation.certificate
    }

    func see(_ certificate: IssuedCertificate, at now: Timestamp) async throws -> ContactOutcome {
        try await self.note(Contact(thumbprint: certificate.thumbprint, witness: .mutualTLS, time: now))
    }

    func state(of certificate: IssuedCertificate) async throws -> CertificateState? {
        try await self.certificate(certificate.serialNumber)?.state
    }

    func events(of device: DeviceID) async throws -> [HandOffEvent] {
        try await self.pendingEvents(limit: 1_000).filter { $0.device == device }
    }
}
