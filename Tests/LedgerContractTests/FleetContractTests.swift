internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, asked about the fleet")
struct FleetContractTests {
    private static let now = LedgerFixture.start.adding(days: 100)

    /// A device whose certificate has so many days left, and an hour.
    private static func device(
        _ ledger: any LedgerUnderTest,
        daysLeft: Int
    ) async throws -> Enrolled {
        let start = Self.now.adding(days: -30).adding(seconds: 3_600)
        return try await ledger.enrolled(days: 30 + daysLeft, at: start.adding(seconds: 301))
    }

    private static func refusedRenewal(of device: DeviceID, at now: Timestamp) -> Attempt {
        var attempt = LedgerFixture.attempt(.renewal, at: now)
        attempt.device = device
        attempt.refuse(EnrollmentError(.notEligibleToRenew, "Too early.", rule: "renewal.early"), at: now)
        return attempt
    }

    @Test("lists who falls out, the soonest first, page by page", arguments: Implementation.allCases)
    func fallingOut(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var devices: [Int: DeviceID] = [:]
            for days in [20, -2, 5, 45, 0, 29] { devices[days] = try await Self.device(ledger, daysLeft: days).device }
            // Of one end, in the order they came.
            let twin = try await Self.device(ledger, daysLeft: 5).device
            let reset = try await Self.device(ledger, daysLeft: 3)
            _ = try await ledger.reset(LedgerFixture.order(.reset, reset.device, at: Self.now))
            _ = try await ledger.reserve(LedgerFixture.reservation(of: LedgerFixture.user()))

            let soon = Self.now.adding(days: 30)
            let all = try await ledger.fallingOut(endingBefore: soon, after: nil, limit: 100)
            let expected = [devices[-2], devices[0], devices[5], twin, devices[20], devices[29]]
            #expect(all.elements.map { Optional($0.device.device) } == expected)
            #expect(all.next == nil)
            for limit in 1...3 {
                var listed: [FallingOutDevice] = []
                var key: String?
                repeat {
                    let page = try await ledger.fallingOut(endingBefore: soon, after: key, limit: limit)
                    #expect(page.elements.count <= limit)
                    listed += page.elements
                    key = page.next
                } while key != nil
                #expect(listed == all.elements)
            }
            await expectCode(.messageFormat) {
                _ = try await ledger.fallingOut(endingBefore: soon, after: "1; DROP", limit: 3)
            }
        }
    }

    @Test(
        "names the latest renewal that was refused since the certificate is there",
        arguments: Implementation.allCases
    )
    func lastFailure(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let quiet = try await Self.device(ledger, daysLeft: 4)
            let failing = try await Self.device(ledger, daysLeft: 5)
            let renewed = try await Self.device(ledger, daysLeft: 6)
            let last = Self.refusedRenewal(of: failing.device, at: Self.now)
            for attempt in [
                Self.refusedRenewal(of: failing.device, at: Self.now.adding(days: -1)), last,
                Self.refusedRenewal(of: renewed.device, at: Self.now.adding(days: -1)),
            ] { #expect(try await ledger.record(attempt)) }
            var other = LedgerFixture.attempt(.policy, at: Self.now)
            other.device = quiet.device
            other.refuse(EnrollmentError(.authentication, "No.", rule: "directory.password"), at: Self.now)
            #expect(try await ledger.record(other))
            _ = try await ledger.renew(renewed.certificate, by: renewed.user, days: 8, at: Self.now)

            let soon = Self.now.adding(days: 30)
            let devices = try await ledger.fallingOut(endingBefore: soon, after: nil, limit: 9).elements
            #expect(devices.map(\.device.device) == [quiet.device, failing.device, renewed.device])
            #expect(devices.map(\.lastFailure) == [nil, last, nil])
            #expect(try await ledger.fleet(at: Self.now).refusedRenewals == 1)
        }
    }

    @Test("names the management accounts that live devices have, each once", arguments: Implementation.allCases)
    func accounts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.managementAccounts() == [])
            for (number, provider) in ["CorpMDM", "Branch", "", "CorpMDM", "Retired"].enumerated() {
                let reservation = LedgerFixture.reservation(of: LedgerFixture.user("\(number)"))
                let receipt = try #require(try await ledger.reserve(reservation).receipt)
                let terms = EnrollmentTerms(providerID: provider)
                try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt, terms: terms))
                #expect(try await ledger.device(reservation.device)?.providerID == provider)
                if provider == "Retired" {
                    _ = try await ledger.retire(LedgerFixture.order(.retire, reservation.device, at: Self.now))
                }
            }
            #expect(try await ledger.managementAccounts() == ["Branch", "CorpMDM"])
        }
    }

    @Test("counts days left in whole days, both ends of a range included", arguments: Implementation.allCases)
    func health(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.fleet(at: Self.now).buckets.map(\.count) == [0, 0, 0, 0, 0])
            for days in [-5, -1, 0, 6, 7, 13, 14, 29, 30, 59, 60, 300] {
                _ = try await Self.device(ledger, daysLeft: days)
            }
            let retired = try await Self.device(ledger, daysLeft: 3)
            _ = try await ledger.retire(LedgerFixture.order(.retire, retired.device, at: Self.now))
            let health = try await ledger.fleet(at: Self.now)
            #expect(health.buckets.map(\.days) == FleetHealth.ranges)
            #expect(health.buckets.map(\.count) == [2, 2, 2, 2, 2])
            #expect(health.refusedRenewals == 0)
        }
    }
}
