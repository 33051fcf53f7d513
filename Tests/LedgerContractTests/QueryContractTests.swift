internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when it is asked")
struct QueryContractTests {
    @Test("lists devices newest first, page by page, without a gap or a repetition", arguments: Implementation.allCases)
    func devicePages(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var enrolled: [DeviceID] = []
            for _ in 0..<25 {
                let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
                try await ledger.enroll(reservation)
                enrolled.append(reservation.device)
            }
            var listed: [DeviceID] = []
            var query = DeviceQuery(limit: 10)
            var pages = 0
            repeat {
                let page = try await ledger.devices(query)
                listed += page.elements.map(\.device)
                query.after = page.next
                pages += 1
            } while query.after != nil
            #expect(pages == 3)
            #expect(listed == enrolled.reversed())
            let exact = try await ledger.devices(DeviceQuery(limit: 25))
            #expect(exact.next == nil)
        }
    }

    @Test("gives a thousand elements to a page at most, and the key to the rest", arguments: Implementation.allCases)
    func largestPage(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for _ in 0...PageSize.largest { ledger.recordEventually(LedgerFixture.attempt(.discovery)) }
            // Takes everything along that was to be written eventually.
            while try await ledger.attempts(AttemptQuery(limit: PageSize.largest)).next == nil {
                #expect(try await ledger.record(LedgerFixture.attempt()))
            }
            let page = try await ledger.attempts(AttemptQuery(limit: 10_000))
            #expect(page.elements.count == PageSize.largest)
            let rest = try await ledger.attempts(AttemptQuery(after: page.next, limit: 10_000))
            #expect(!rest.elements.isEmpty)
        }
    }

    @Test("refuses a page key that it never gave", arguments: Implementation.allCases)
    func foreignKey(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            await expectCode(.messageFormat) { _ = try await ledger.devices(DeviceQuery(after: "1; DROP TABLE")) }
        }
    }

    @Test("filters devices by user and state", arguments: Implementation.allCases)
    func deviceFilters(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let issued = LedgerFixture.reservation(of: user)
            try await ledger.enroll(issued)
            let reserved = LedgerFixture.reservation(of: user)
            _ = try await ledger.reserve(reserved)
            try await ledger.enroll(LedgerFixture.reservation(of: LedgerFixture.user()))
            func devices(_ query: DeviceQuery) async throws -> [DeviceID] {
                try await ledger.devices(query).elements.map(\.device)
            }
            #expect(try await devices(DeviceQuery(userID: user.id)) == [reserved.device, issued.device])
            #expect(try await devices(DeviceQuery(userID: user.id, state: .issued)) == [issued.device])
            #expect(try await devices(DeviceQuery(state: .reserved)) == [reserved.device])
            #expect(try await devices(DeviceQuery(state: .held)) == [])
        }
    }

    @Test("shows a device with everything it claimed", arguments: Implementation.allCases)
    func device(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user("kim"))
            try await ledger.enroll(reservation)
            let device = try #require(try await ledger.device(reservation.device))
            #expect(device.userPrincipalName == "kim@corp.example")
            #expect(device.name == "DESKTOP-7F3A")
            #expect(device.hardwareID == reservation.claims.hardwareID)
            #expect(device.claimedDeviceID == reservation.claims.deviceID)
            #expect(device.osVersion == "10.0.26100.2314")
            #expect(device.firstEnrolled == LedgerFixture.start)
            #expect(device.lastProvenContact == LedgerFixture.start)
            #expect(!device.isShared)
            #expect(device.conflicts == [])
        }
    }

    @Test("finds devices by name in any case and by the beginning of their id", arguments: Implementation.allCases)
    func matching(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                claims: LedgerFixture.claims(name: "Laptop-Kim")
            )
            try await ledger.enroll(reservation)
            let id = reservation.device.description
            for text in ["LAPTOP-kim", id, id.uppercased(), String(id.prefix(8)), String(id.prefix(11))] {
                #expect(try await ledger.devices(matching: text, limit: 10).map(\.device) == [reservation.device])
            }
            for text in ["laptop", String(id.prefix(7)), "", "%", "ffffffff-0000"] {
                #expect(try await ledger.devices(matching: text, limit: 10) == [])
            }
        }
    }

    @Test("filters certificates by state, issuer and device", arguments: Implementation.allCases)
    func certificates(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let a = LedgerFixture.reservation(of: LedgerFixture.user())
            let b = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.prepared(issuer: "2027-a")
            )
            try await ledger.enroll(a)
            _ = try await ledger.reserve(b)
            let own = LedgerFixture.prepared()
            _ = try await ledger.recordIntent(own, at: LedgerFixture.start)
            func serials(_ query: CertificateQuery) async throws -> [SerialNumber] {
                try await ledger.certificates(query).elements.map(\.serialNumber)
            }
            let (first, second, third) = (
                a.prepared.draft.serialNumber, b.prepared.draft.serialNumber, own.draft.serialNumber
            )
            #expect(try await serials(CertificateQuery()) == [third, second, first])
            #expect(try await serials(CertificateQuery(state: .intent)) == [third, second])
            #expect(try await serials(CertificateQuery(issuerID: "2026-a")) == [third, first])
            #expect(try await serials(CertificateQuery(state: .intent, issuerID: "2026-a")) == [third])
            #expect(try await serials(CertificateQuery(device: a.device)) == [first])
            #expect(try await serials(CertificateQuery(state: .intent, device: a.device)) == [])
            #expect(try await serials(CertificateQuery(issuerID: "2027-a", device: a.device)) == [])
            #expect(try await serials(CertificateQuery(limit: 1)) == [third])
            #expect(try await ledger.certificate(first)?.device == a.device)
            #expect(try await ledger.certificate(third)?.device == nil)
            #expect(try await ledger.certificate(thumbprint: LedgerFixture.octets(32)) == nil)
        }
    }

    @Test("gives an attempt back as it was recorded", arguments: Implementation.allCases)
    func attempt(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let counted = CountedDevice(
                device: DeviceID(random: LedgerFixture.octets(16)),
                name: "OLD-SURFACE",
                state: .active,
                lastProvenContact: LedgerFixture.start,
                certificateEnds: nil
            )
            var attempt = Attempt(
                traceID: TraceID(random: LedgerFixture.octets(11)),
                operation: .enrollment,
                started: LedgerFixture.start,
                sourceAddress: "2001:db8::1",
                claimedName: "Kim@Corp.Example",
                claims: LedgerFixture.claims()
            )
            attempt.steps = [Attempt.Step(name: "limit", succeeded: false, microseconds: 2_000)]
            attempt.refuse(
                EnrollmentError(
                    .deviceCapReached,
                    "The user has 10 devices of 10.",
                    rule: "limit.reached",
                    facts: [Fact("allowed", "10"), Fact("counted", "10")],
                    counted: [counted]
                ),
                at: LedgerFixture.start.adding(seconds: 1)
            )
            #expect(try await ledger.record(attempt))
            #expect(try await ledger.attempt(attempt.traceID) == attempt)
            #expect(try await ledger.attempt(TraceID(random: LedgerFixture.octets(11))) == nil)
        }
    }

    @Test("filters attempts by every column alone and together", arguments: Implementation.allCases)
    func attempts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let device = DeviceID(random: LedgerFixture.octets(16))
            var refused = LedgerFixture.attempt()
            refused.refuse(
                EnrollmentError(.authentication, "The password is wrong.", rule: "directory.password"),
                at: LedgerFixture.start
            )
            var succeeded = LedgerFixture.attempt(.policy)
            succeeded.userID = "id-kim"
            succeeded.device = device
            succeeded.claimedName = "LEE@corp.example"
            succeeded.succeed(at: LedgerFixture.start)
            #expect(try await ledger.record(refused))
            #expect(try await ledger.record(succeeded))
            func traces(_ query: AttemptQuery) async throws -> [TraceID] {
                try await ledger.attempts(query).elements.map(\.traceID)
            }
            let (no, yes) = (refused.traceID, succeeded.traceID)
            #expect(try await traces(AttemptQuery()) == [yes, no])
            #expect(try await traces(AttemptQuery(limit: 1)) == [yes])
            #expect(try await traces(AttemptQuery(outcome: .refused)) == [no])
            #expect(try await traces(AttemptQuery(operation: .policy)) == [yes])
            #expect(try await traces(AttemptQuery(userID: "id-kim")) == [yes])
            #expect(try await traces(AttemptQuery(claimedName: "Lee@CORP.example")) == [yes])
            #expect(try await traces(AttemptQuery(device: device)) == [yes])
            #expect(try await traces(AttemptQuery(outcome: .refused, operation: .policy)) == [])
            #expect(try await traces(AttemptQuery(outcome: .succeeded, operation: .policy)) == [yes])
            #expect(try await traces(AttemptQuery(outcome: .refused, userID: "id-kim")) == [])
            let all = AttemptQuery(
                outcome: .succeeded,
                operation: .policy,
                userID: "id-kim",
                claimedName: "lee@corp.example",
                device: device
            )
            #expect(try await traces(all) == [yes])
        }
    }

    @Test("finds a user by id and by name in any case", arguments: Implementation.allCases)
    func user(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user("kim")
            #expect(try await ledger.user(user.id) == nil)
            try await ledger.enroll(LedgerFixture.reservation(of: user))
            let record = try #require(try await ledger.user("KIM@corp.EXAMPLE"))
            #expect(record.id == user.id)
            #expect(record.groups == user.groups)
            #expect(record.lastSeen == LedgerFixture.start)
            #expect(record.limitOverride == nil)
            #expect(try await ledger.user(user.id) == record)
        }
    }
}
