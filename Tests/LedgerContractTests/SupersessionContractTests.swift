internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when a device holds more than one certificate")
struct SupersessionContractTests {
    /// Enrolls the same device again; its certificate replaces the former after a day.
    private static func enrollAgain(
        _ first: Reservation,
        in ledger: any LedgerUnderTest,
        at now: Timestamp
    ) async throws -> SerialNumber {
        let again = LedgerFixture.reservation(of: first.user, claims: first.claims, device: first.device, now: now)
        return try #require(try await ledger.enroll(again)).serialNumber
    }

    @Test("lets a replaced certificate live through its overlap and not longer", arguments: Implementation.allCases)
    func overlap(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user())
            let old = try #require(try await ledger.enroll(first)).serialNumber
            let new = try await Self.enrollAgain(first, in: ledger, at: LedgerFixture.start)
            let due = LedgerFixture.start.adding(days: 1)

            let justBefore = Timestamp(microseconds: due.microseconds - 1)
            #expect(try await ledger.supersede(dueBy: justBefore, limit: 100) == 0)
            #expect(try await ledger.certificate(old)?.state == .issued)
            #expect(try await ledger.supersede(dueBy: due, limit: 100) == 1)
            let replaced = try #require(try await ledger.certificate(old))
            #expect(replaced.state == .superseded)
            #expect(replaced.reason == CertificateRecord.replaced)
            #expect(replaced.der != nil)
            #expect(try await ledger.certificate(new)?.state == .issued)
            #expect(try await ledger.supersede(dueBy: due.adding(days: 400), limit: 100) == 0)
        }
    }

    @Test("is left with one certificate after twenty-five in a row", arguments: Implementation.allCases)
    func generations(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user())
            try await ledger.enroll(first)
            var latest: SerialNumber?
            for generation in 1..<25 {
                let now = LedgerFixture.start.adding(seconds: Int64(generation))
                latest = try await Self.enrollAgain(first, in: ledger, at: now)
            }
            let issued = CertificateQuery(state: .issued, device: first.device)
            #expect(try await ledger.certificates(issued).elements.count == 25)
            let end = LedgerFixture.start.adding(days: 2)
            #expect(try await ledger.supersede(dueBy: end, limit: 100) == 24)
            #expect(try await ledger.certificates(issued).elements.map(\.serialNumber) == [try #require(latest)])
            #expect(try await ledger.device(first.device)?.state == .issued)
            #expect(try await ledger.device(first.device)?.certificateSerial == latest)
        }
    }

    @Test("counts the overlap from the first replacement, not from the latest", arguments: Implementation.allCases)
    func earliestStands(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user())
            let one = try #require(try await ledger.enroll(first)).serialNumber
            let two = try await Self.enrollAgain(first, in: ledger, at: LedgerFixture.start)
            _ = try await Self.enrollAgain(first, in: ledger, at: LedgerFixture.start.adding(seconds: 3_600))
            #expect(try await ledger.supersede(dueBy: LedgerFixture.start.adding(days: 1), limit: 100) == 1)
            #expect(try await ledger.certificate(one)?.state == .superseded)
            #expect(try await ledger.certificate(two)?.state == .issued)
        }
    }

    @Test("ends as many a call as asked, the longest overdue first", arguments: Implementation.allCases)
    func inParts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var olds: [SerialNumber] = []
            for second in [30, 10, 20] as [Int64] {
                let now = LedgerFixture.start.adding(seconds: second)
                let first = LedgerFixture.reservation(of: LedgerFixture.user(), now: now)
                olds.append(try #require(try await ledger.enroll(first)).serialNumber)
                _ = try await Self.enrollAgain(first, in: ledger, at: now)
            }
            let end = LedgerFixture.start.adding(days: 2)
            #expect(try await ledger.supersede(dueBy: end, limit: 0) == 0)
            #expect(try await ledger.supersede(dueBy: end, limit: 2) == 2)
            #expect(try await ledger.certificate(olds[0])?.state == .issued)
            #expect(try await ledger.certificate(olds[1])?.state == .superseded)
            #expect(try await ledger.supersede(dueBy: end, limit: 2) == 1)
            #expect(try await ledger.supersede(dueBy: end, limit: 2) == 0)
        }
    }

    @Test("touches no other device's certificate and no intent", arguments: Implementation.allCases)
    func others(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let first = LedgerFixture.reservation(of: user)
            try await ledger.enroll(first)
            let neighbor = LedgerFixture.reservation(of: user)
            let kept = try #require(try await ledger.enroll(neighbor)).serialNumber
            let pending = LedgerFixture.reservation(of: user, claims: first.claims, device: first.device)
            let receipt = try #require(try await ledger.reserve(pending).receipt)
            _ = try await Self.enrollAgain(first, in: ledger, at: LedgerFixture.start)
            #expect(try await ledger.supersede(dueBy: LedgerFixture.start.adding(days: 9), limit: 100) == 1)
            #expect(try await ledger.certificate(kept)?.state == .issued)
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
        }
    }
}
