internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when renewals meet what happens beside them")
struct RenewalIntentTests {
    private static let due = LedgerFixture.start.adding(days: 306)

    @Test("revokes an intent that was perhaps signed, by release or by time", arguments: Implementation.allCases)
    func perhapsSigned(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let first = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let one = try #require(try await ledger.reserve(first).receipt)
            try await ledger.release(one, keyUse: .possible, closing: LedgerFixture.refusal(of: first))
            let released = try #require(try await ledger.revocation(of: one.serialNumber))
            #expect(released.reason == .cessationOfOperation)
            #expect(released.revoked == Self.due.adding(seconds: 1))
            #expect(try await ledger.certificate(one.serialNumber)?.state == .intent)

            let second = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let two = try #require(try await ledger.reserve(second).receipt)
            let late = Self.due.adding(days: 2)
            #expect(try await ledger.releaseReservations(madeBefore: late.adding(days: -1), at: late, limit: 9) == 1)
            #expect(try await ledger.revocation(of: two.serialNumber)?.revoked == late)
            #expect(try await ledger.attempt(second.attempt.traceID)?.rule == "reservation.expired")
            #expect(try await ledger.device(enrolled.device)?.state == .active)
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: second, two))
            }
            // And the device goes on renewing.
            _ = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: late)
        }
    }

    @Test("confirms an intent only for what it was recorded for", arguments: Implementation.allCases)
    func course(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            let right = LedgerFixture.confirmation(of: renewal, receipt)
            for course in [
                EnrollmentCore.Confirmation.Course.enrollment(sealedAccount: [1]),
                .renewal(of: SerialNumber(node: 1, random: LedgerFixture.octets(16))),
            ] {
                let wrong = EnrollmentCore.Confirmation(
                    receipt: receipt,
                    certificate: right.certificate,
                    course: course,
                    attempt: right.attempt,
                    eventID: right.eventID,
                    now: right.now,
                    supersedeAfter: right.supersedeAfter
                )
                #expect(await rule { try await ledger.confirm(wrong) } == "ledger.course")
            }
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
            try await ledger.confirm(right)
            #expect(await rule { try await ledger.confirm(right) } == "ledger.intent")
        }
    }

    @Test("lets a device's own contact between reservation and release stand", arguments: Implementation.allCases)
    func contactInBetween(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let again = LedgerFixture.reservation(
                of: enrolled.user,
                claims: enrolled.reservation.claims,
                device: enrolled.device,
                now: LedgerFixture.start.adding(days: 2)
            )
            let receipt = try #require(try await ledger.reserve(again).receipt)
            let contact = LedgerFixture.start.adding(days: 3)
            _ = try await ledger.see(enrolled.certificate, at: contact)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: again))
            #expect(try await ledger.device(enrolled.device)?.lastProvenContact == contact)
        }
    }

    @Test("knows no candidate for what is no device's certificate", arguments: Implementation.allCases)
    func noCandidate(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.candidate(thumbprint: LedgerFixture.octets(32)) == nil)
            let own = LedgerFixture.prepared()
            let receipt = try await ledger.recordIntent(own, at: LedgerFixture.start)
            let certificate = LedgerFixture.certificate(for: own)
            try await ledger.confirmService(
                ServiceCertificateRecord(
                    use: "tls",
                    serialNumber: receipt.serialNumber,
                    chain: [certificate.der],
                    sealedKey: [1],
                    notAfter: certificate.validity.notAfter
                ),
                certificate: certificate,
                receipt: receipt
            )
            #expect(try await ledger.candidate(thumbprint: certificate.thumbprint) == nil)
        }
    }

    @Test("notes a conflict once, and keeps the latest eight", arguments: Implementation.allCases)
    func conflicts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            for _ in 0..<2 {
                for number in 0..<10 { try await ledger.noteConflict("Conflict \(number).", on: enrolled.device) }
                try await ledger.noteConflict("Conflict 9.", on: enrolled.device)
            }
            let conflicts = try #require(try await ledger.device(enrolled.device)).conflicts
            #expect(conflicts.count == 8)
            #expect(Set(conflicts).count == 8)
            #expect(conflicts.last == "Conflict 9.")
            try await ledger.noteConflict("Nobody's.", on: DeviceID(random: LedgerFixture.octets(16)))
        }
    }
}
