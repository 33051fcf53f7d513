internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, forgetting what is over")
struct RetentionContractTests {
    private static let end = LedgerFixture.start.adding(days: 31)
    private static let late = LedgerFixture.start.adding(days: 400)
    private static let shard = CRLShard(issuerID: LedgerFixture.issuer, number: 3)

    // MARK: Expiry

    @Test("ends devices whose certificate has ended, the longest ended first", arguments: Implementation.allCases)
    func expire(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            var devices: [Enrolled] = []
            for days in [30, 10, 20, 300] { devices.append(try await ledger.enrolled(user, days: days)) }
            _ = try await ledger.hold(LedgerFixture.order(.hold, devices[2].device))
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 0) == 0)
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 2) == 2)
            #expect(try await ledger.device(devices[0].device)?.state == .issued)
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 2) == 1)
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 2) == 0)
            for enrolled in devices.prefix(3) {
                #expect(try await ledger.device(enrolled.device)?.state == .expired)
                let event = try await ledger.events(of: enrolled.device).last
                #expect(event?.kind == .expired)
                #expect(event?.serialNumber == enrolled.serial)
                #expect(try await ledger.device(enrolled.device)?.generation == event?.generation)
            }
            let counted = try await ledger.counted(userID: user.id, staleBefore: LedgerFixture.start)
            #expect(counted.map(\.device) == [devices[3].device])
        }
    }

    @Test(
        "does not let a held device's hardware enroll again because time has passed",
        arguments: Implementation.allCases
    )
    func expireHeld(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let held = try await ledger.enrolled(user, days: 10)
            let free = try await ledger.enrolled(user, days: 10)
            _ = try await ledger.hold(LedgerFixture.order(.hold, held.device))
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 9) == 2)
            func again(_ enrolled: Enrolled) -> Reservation {
                LedgerFixture.reservation(of: user, claims: enrolled.reservation.claims, now: Self.end)
            }
            #expect(await rule { _ = try await ledger.reserve(again(held)) } == "device.permit")
            _ = try #require(try await ledger.reserve(again(free)).receipt)
            let order = LedgerFixture.order(.permit, held.device, at: Self.end)
            _ = try #require(
                try await ledger.permit(.enrollment, until: Self.end.adding(days: 7), order).report
            )
            _ = try #require(try await ledger.reserve(again(held)).receipt)
        }
    }

    @Test("leaves a device that renews just now until that is over", arguments: Implementation.allCases)
    func expireLater(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled(days: 10)
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewal = LedgerFixture.renewal(
                of: candidate,
                by: enrolled.user,
                at: LedgerFixture.start.adding(days: 9)
            )
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 9) == 0)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: renewal))
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 9) == 1)
        }
    }

    // MARK: Attempts

    @Test(
        "forgets old attempts but open ones and a live device's last refused renewal",
        arguments: Implementation.allCases
    )
    func attempts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let gone = try await ledger.enrolled()
            _ = try await ledger.retire(LedgerFixture.order(.retire, gone.device))
            let open = LedgerFixture.reservation(of: LedgerFixture.user())
            _ = try await ledger.reserve(open)
            func refused(_ device: DeviceID?, _ operation: Attempt.Operation, day: Int) async throws -> TraceID {
                var attempt = LedgerFixture.attempt(operation, at: LedgerFixture.start.adding(days: day))
                attempt.device = device
                attempt.refuse(EnrollmentError(.notEligibleToRenew, "No.", rule: "renewal.early"), at: attempt.started)
                #expect(try await ledger.record(attempt))
                return attempt.traceID
            }
            let first = try await refused(enrolled.device, .renewal, day: 1)
            let last = try await refused(enrolled.device, .renewal, day: 2)
            let others = [
                first, try await refused(enrolled.device, .enrollment, day: 3),
                try await refused(gone.device, .renewal, day: 4), try await refused(nil, .discovery, day: 5),
                enrolled.reservation.attempt.traceID, gone.reservation.attempt.traceID,
            ]
            let young = try await refused(nil, .discovery, day: 50)
            let moment = LedgerFixture.start.adding(days: 50)
            #expect(try await ledger.pruneAttempts(startedBefore: LedgerFixture.start, limit: 9) == 0)
            #expect(try await ledger.pruneAttempts(startedBefore: moment, limit: 0) == 0)
            #expect(try await ledger.pruneAttempts(startedBefore: moment, limit: 4) == 4)
            #expect(try await ledger.pruneAttempts(startedBefore: moment, limit: 4) == 2)
            #expect(try await ledger.pruneAttempts(startedBefore: moment, limit: 4) == 0)
            for traceID in others { #expect(try await ledger.attempt(traceID) == nil) }
            for traceID in [last, young, open.attempt.traceID] { #expect(try await ledger.attempt(traceID) != nil) }
        }
    }

    // MARK: Certificates

    @Test("keeps a proof of what it forgets", arguments: Implementation.allCases)
    func proof(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled(days: 10)
            let reservation = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.leaf(days: 20, shard: 3)
            )
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            #expect(try await ledger.pruneCertificates(endedBefore: Self.late, at: Self.late, limit: 9) == 0)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: reservation))
            #expect(try await ledger.expire(endedBefore: Self.end, at: Self.end, limit: 9) == 1)
            let ends = enrolled.certificate.validity.notAfter
            #expect(try await ledger.pruneCertificates(endedBefore: ends, at: Self.late, limit: 9) == 0)
            #expect(try await ledger.proof(of: enrolled.serial) == nil)
            #expect(try await ledger.pruneCertificates(endedBefore: Self.late, at: Self.late, limit: 1) == 1)
            let expected = CertificateProof(
                serialNumber: enrolled.serial,
                issuerID: LedgerFixture.issuer,
                digest: enrolled.certificate.thumbprint,
                notAfter: ends,
                revocation: nil,
                pruned: Self.late
            )
            #expect(try await ledger.proof(of: enrolled.serial) == expected)
            #expect(try await ledger.certificate(enrolled.serial) == nil)
            #expect(try await ledger.candidate(thumbprint: enrolled.certificate.thumbprint) == nil)
            #expect(try await ledger.status(of: enrolled.serial, issuedBy: LedgerFixture.issuer) == .good)
            #expect(try await ledger.device(enrolled.device)?.state == .expired)
            // What was certainly never signed leaves nothing and stays unknown.
            #expect(try await ledger.pruneCertificates(endedBefore: Self.late, at: Self.late, limit: 9) == 1)
            #expect(try await ledger.certificate(receipt.serialNumber) == nil)
            #expect(try await ledger.proof(of: receipt.serialNumber) == nil)
            #expect(try await ledger.status(of: receipt.serialNumber, issuedBy: LedgerFixture.issuer) == .unknown)
        }
    }

    @Test("keeps a revoked certificate until its last CRL is history", arguments: Implementation.allCases)
    func listed(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled(days: 10)
            let revokedAt = LedgerFixture.later(60)
            _ = try await ledger.revoke(LedgerFixture.order([enrolled.serial], .keyCompromise, at: revokedAt))
            func pruned() async throws -> Int {
                try await ledger.pruneCertificates(endedBefore: Self.late, at: Self.late, limit: 9)
            }
            #expect(try await pruned() == 0)
            // Two that list it, the second one made after its end: its last appearance.
            try await ledger.makeCRL(of: Self.shard, at: LedgerFixture.start.adding(days: 1))
            #expect(try await pruned() == 0)
            try await ledger.makeCRL(of: Self.shard, at: LedgerFixture.start.adding(days: 11))
            #expect(try await pruned() == 0)
            #expect(try await ledger.certificate(enrolled.serial) != nil)
            try await ledger.makeCRL(of: Self.shard, at: LedgerFixture.start.adding(days: 12))
            #expect(try await pruned() == 1)
            let revocation = Revocation(
                serialNumber: enrolled.serial,
                issuerID: LedgerFixture.issuer,
                reason: .keyCompromise,
                revoked: revokedAt
            )
            #expect(try await ledger.proof(of: enrolled.serial)?.revocation == revocation)
            #expect(try await ledger.revocation(of: enrolled.serial) == revocation)
            #expect(
                try await ledger.status(of: enrolled.serial, issuedBy: LedgerFixture.issuer)
                    == .revoked(reason: .keyCompromise, at: revokedAt)
            )
            let entries = try await ledger.entries(
                of: Self.shard,
                notEndedBefore: LedgerFixture.start,
                after: nil,
                limit: 9
            )
            #expect(entries == [])
        }
    }

    @Test("keeps what a live device, an issuer or the service holds", arguments: Implementation.allCases)
    func kept(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let live = try await ledger.enrolled(days: 10)
            let again = try await ledger.enrolled(
                live.user,
                claims: live.reservation.claims,
                as: live.device,
                days: 12,
                at: LedgerFixture.later(1)
            )
            let issuer = LedgerFixture.leaf(days: 9)
            let issued = LedgerFixture.certificate(for: issuer)
            try await ledger.confirmIssuer(
                IssuerRecord(
                    id: "2026-a",
                    role: .issuing,
                    state: .active,
                    signedBy: "root",
                    certificate: issued.der,
                    key: .sealed([1]),
                    created: LedgerFixture.start
                ),
                certificate: issued,
                receipt: try await ledger.recordIntent(issuer, at: LedgerFixture.start)
            )
            var services: [SerialNumber] = []
            for use in ["tls", "tls", "ocsp"] {
                let prepared = LedgerFixture.leaf(days: 8)
                let certificate = LedgerFixture.certificate(for: prepared)
                let record = ServiceCertificateRecord(
                    use: use,
                    serialNumber: certificate.serialNumber,
                    chain: [certificate.der],
                    sealedKey: [1],
                    notAfter: certificate.validity.notAfter
                )
                let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
                try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
                services.append(certificate.serialNumber)
            }
            #expect(try await ledger.pruneCertificates(endedBefore: Self.late, at: Self.late, limit: 99) == 2)
            for serial in [live.serial, services[0]] {
                #expect(try await ledger.certificate(serial) == nil)
                #expect(try await ledger.proof(of: serial) != nil)
            }
            for serial in [again.serial, issued.serialNumber, services[1], services[2]] {
                #expect(try await ledger.certificate(serial) != nil)
            }
            #expect(try await ledger.serviceCertificate(for: "tls")?.serialNumber == services[1])
            #expect(try await ledger.issuers().count == 1)
        }
    }

    // MARK: The log of revocations

    @Test("forgets old steps of the log that the shard's CRL shows", arguments: Implementation.allCases)
    func changes(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var serials: [SerialNumber] = []
            for shard in [3, 3, 4, 3] { serials.append(try await ledger.enrolled(shard: shard).serial) }
            for (index, serial) in serials.prefix(3).enumerated() {
                let now = LedgerFixture.start.adding(days: index)
                _ = try await ledger.revoke(LedgerFixture.order([serial], .superseded, at: now))
            }
            #expect(try await ledger.pruneChanges(recordedBefore: Self.late, limit: 9) == 0)
            try await ledger.makeCRL(of: Self.shard, at: LedgerFixture.start.adding(days: 3))
            let day = LedgerFixture.start.adding(days: 4)
            _ = try await ledger.revoke(LedgerFixture.order([serials[3]], .superseded, at: day))
            let newest = try await ledger.newestChange()

            #expect(try await ledger.pruneChanges(recordedBefore: LedgerFixture.start, limit: 9) == 0)
            #expect(try await ledger.pruneChanges(recordedBefore: LedgerFixture.later(1), limit: 9) == 1)
            #expect(try await ledger.pruneChanges(recordedBefore: Self.late, limit: 9) == 1)
            // The other shard's is on no CRL yet, and the latest came after its shard's.
            let rest = try await ledger.changes(after: 0, limit: 9)
            #expect(rest.map(\.serialNumber) == [serials[2], serials[3]])
            #expect(try await ledger.newestChange() == newest)
            let waiting = try await ledger.shards().filter { $0.shard == Self.shard }.map(\.waitingSince)
            #expect(waiting == [day])
        }
    }
}
