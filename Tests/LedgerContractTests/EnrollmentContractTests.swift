internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when devices enroll")
struct EnrollmentContractTests {
    @Test(
        "gives exactly five slots to two hundred racing devices of a user with limit five",
        arguments: Implementation.allCases
    )
    func race(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let outcomes = try await withThrowingTaskGroup(of: ReservationOutcome.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await ledger.reserve(LedgerFixture.reservation(of: user, limit: 5)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0.receipt != nil } == 5)
            let refused = outcomes.filter { outcome in
                if case .limitReached(let limit, let counted) = outcome {
                    limit.maximum == 5 && counted.count == 5
                } else {
                    false
                }
            }
            #expect(refused.count == 195)
            #expect(try await ledger.devices(DeviceQuery(userID: user.id)).elements.count == 5)
        }
    }

    @Test("stores the certificate, the event and the closed attempt together", arguments: Implementation.allCases)
    func confirm(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            #expect(receipt.toBeSignedDigest == reservation.prepared.toBeSignedDigest)
            #expect(try await ledger.device(reservation.device)?.state == .reserved)
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
            #expect(try await ledger.attempt(reservation.attempt.traceID)?.outcome == .open)
            #expect(try await ledger.eventIDs() == [])

            let confirmation = LedgerFixture.confirmation(of: reservation, receipt)
            try await ledger.confirm(confirmation)
            let device = try #require(try await ledger.device(reservation.device))
            #expect(device.state == .issued)
            #expect(device.generation == 1)
            #expect(device.certificateSerial == receipt.serialNumber)
            #expect(device.certificateEnds == reservation.prepared.draft.validity.notAfter)
            let certificate = try #require(try await ledger.certificate(receipt.serialNumber))
            #expect(certificate.state == .issued)
            #expect(certificate.der == confirmation.certificate.der)
            #expect(certificate.toBeSigned == reservation.prepared.toBeSigned)
            let sought = confirmation.certificate.thumbprint
            #expect(try await ledger.certificate(thumbprint: sought) == certificate)
            #expect(try await ledger.eventIDs() == [confirmation.eventID])
            #expect(try await ledger.attempt(reservation.attempt.traceID) == confirmation.attempt)
        }
    }

    @Test("refuses a certificate for other octets than those recorded", arguments: Implementation.allCases)
    func otherOctets(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            let forged = IntentReceipt(
                serialNumber: receipt.serialNumber,
                toBeSignedDigest: LedgerFixture.octets(32)
            )
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: reservation, forged))
            }
            let other = LedgerFixture.certificate(for: LedgerFixture.reservation(of: reservation.user))
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt, certificate: other))
            }
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
            #expect(try await ledger.eventIDs() == [])
            try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
        }
    }

    @Test("confirms an intent once", arguments: Implementation.allCases)
    func confirmTwice(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
            await expectCode(.internalService) {
                try await ledger.confirm(LedgerFixture.confirmation(of: reservation, receipt))
            }
            #expect(try await ledger.eventIDs().count == 1)
            #expect(try await ledger.device(reservation.device)?.generation == 1)
        }
    }

    @Test("lets the same hardware of the same user take over its slot", arguments: Implementation.allCases)
    func takeover(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let hardware = LedgerFixture.hardware()
            let first = LedgerFixture.reservation(of: user, claims: LedgerFixture.claims(hardware: hardware), limit: 1)
            let old = try #require(try await ledger.enroll(first))
            let again = LedgerFixture.claims(hardware: hardware.uppercased())
            let known = try await ledger.recognize(again.recognitionKeys, of: user.id)
            #expect(known == first.device)
            let second = LedgerFixture.reservation(of: user, claims: again, device: known, limit: 1)
            let new = try #require(try await ledger.enroll(second))

            let devices = try await ledger.devices(DeviceQuery(userID: user.id)).elements
            #expect(devices.count == 1)
            #expect(devices.first?.generation == 2)
            #expect(devices.first?.certificateSerial == new.serialNumber)
            #expect(try await ledger.certificate(old.serialNumber)?.state == .issued)
            #expect(try await ledger.counted(userID: user.id, staleBefore: first.limit.staleBefore).count == 1)
        }
    }

    @Test("recognises by our own id, then hardware, then the claimed id", arguments: Implementation.allCases)
    func recognition(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let one = LedgerFixture.reservation(of: user)
            let claims = LedgerFixture.claims(hardware: nil, deviceID: "A1B2")
            let two = LedgerFixture.reservation(of: user, claims: claims)
            try await ledger.enroll(one)
            try await ledger.enroll(two)
            let hardware = try #require(one.claims.usableHardwareID)
            #expect(try await ledger.recognize([.device(two.device), .hardware(hardware)], of: user.id) == two.device)
            #expect(try await ledger.recognize([.hardware(hardware)], of: user.id) == one.device)
            #expect(try await ledger.recognize([.enrollment("a1b2")], of: user.id) == two.device)
            #expect(try await ledger.recognize([.hardware("none")], of: user.id) == nil)
            #expect(try await ledger.recognize([], of: user.id) == nil)
            #expect(try await ledger.recognize([.hardware(hardware)], of: "somebody else") == nil)
        }
    }

    @Test("asks to prepare again when recognition has changed", arguments: Implementation.allCases)
    func recognitionChanged(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let claims = LedgerFixture.claims()
            try await ledger.enroll(LedgerFixture.reservation(of: user, claims: claims))
            let unaware = LedgerFixture.reservation(of: user, claims: claims)
            #expect(try await ledger.reserve(unaware) == .recognitionChanged)
            let stranger = LedgerFixture.reservation(of: user, device: DeviceID(random: LedgerFixture.octets(16)))
            #expect(try await ledger.reserve(stranger) == .recognitionChanged)
        }
    }

    @Test("records a conflict when another user's device claims the same hardware", arguments: Implementation.allCases)
    func conflict(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let claims = LedgerFixture.claims()
            let first = LedgerFixture.reservation(of: LedgerFixture.user(), claims: claims)
            try await ledger.enroll(first)
            let second = LedgerFixture.reservation(of: LedgerFixture.user(), claims: claims)
            try await ledger.enroll(second)
            let conflicts = try #require(try await ledger.device(second.device)).conflicts
            #expect(conflicts.count == 1)
            #expect(conflicts.first?.contains(first.device.description) == true)
            let untouched = try #require(try await ledger.device(first.device))
            #expect(untouched.userID == first.user.id)
            #expect(untouched.state == .issued)
            #expect(untouched.generation == 1)
        }
    }

    @Test("records a conflict for a placeholder and for another user's id", arguments: Implementation.allCases)
    func otherConflicts(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = LedgerFixture.reservation(of: LedgerFixture.user())
            try await ledger.enroll(first)
            let claims = LedgerFixture.claims(hardware: String(repeating: "0", count: 64), own: first.device)
            let second = LedgerFixture.reservation(of: LedgerFixture.user(), claims: claims)
            try await ledger.enroll(second)
            #expect(try await ledger.device(second.device)?.conflicts.count == 2)
        }
    }

    @Test(
        "records a conflict when our id comes back from other hardware, and none where nothing can be told",
        arguments: Implementation.allCases
    )
    func copiedID(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let hardware = LedgerFixture.hardware()
            let first = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                claims: LedgerFixture.claims(hardware: hardware)
            )
            try await ledger.enroll(first)
            func conflicts(after hardware: String?) async throws -> [String] {
                let claims = LedgerFixture.claims(hardware: hardware, own: first.device)
                // By our id alone: whichever key comes first, other hardware is not recognised.
                let again = LedgerFixture.reservation(of: first.user, claims: claims, device: first.device)
                _ = try #require(try await ledger.enroll(again))
                return try #require(try await ledger.device(first.device)).conflicts
            }
            #expect(try await conflicts(after: hardware.uppercased()) == [])
            #expect(try await conflicts(after: nil) == [])
            #expect(try await conflicts(after: hardware) == [])
            let found = try await conflicts(after: LedgerFixture.hardware())
            #expect(found.count == 1)
            #expect(found.first?.contains(hardware.prefix(16)) == true)
        }
    }

    @Test("takes a serial number once, even in a race", arguments: Implementation.allCases)
    func serialNumbers(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let serial = SerialNumber(node: 1, random: LedgerFixture.octets(16))
            let outcomes = try await withThrowingTaskGroup(of: ReservationOutcome.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let prepared = LedgerFixture.prepared(serial: serial)
                        return try await ledger.reserve(
                            LedgerFixture.reservation(of: LedgerFixture.user(), prepared: prepared)
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0.receipt != nil } == 1)
            #expect(outcomes.count { $0 == .serialNumberTaken } == 19)
        }
    }

    @Test("takes a trace id once", arguments: Implementation.allCases)
    func traceIDs(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let attempt = LedgerFixture.attempt()
            #expect(try await ledger.record(attempt))
            #expect(try await !ledger.record(attempt))
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user(), attempt: attempt)
            #expect(try await ledger.reserve(reservation) == .traceIDTaken)
            #expect(try await ledger.device(reservation.device) == nil)
        }
    }

    @Test("refuses a blocked key and a key of another device", arguments: Implementation.allCases)
    func keys(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let key = LedgerFixture.octets(32)
            let first = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.prepared(key: key)
            )
            try await ledger.enroll(first)
            let second = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.prepared(key: key)
            )
            #expect(try await ledger.reserve(second) == .keyInUse(by: first.device))
            let returning = LedgerFixture.reservation(
                of: first.user,
                claims: first.claims,
                device: first.device,
                prepared: LedgerFixture.prepared(key: key)
            )
            #expect(try await ledger.reserve(returning).receipt != nil)
            _ = try await ledger.blockKey(
                key,
                act: LedgerFixture.act(.blockKey, at: LedgerFixture.start, reason: "leaked")
            )
            _ = try await ledger.blockKey(
                key,
                act: LedgerFixture.act(.blockKey, at: LedgerFixture.start, reason: "said again")
            )
            #expect(try await ledger.reserve(second) == .keyBlocked(reason: "leaked"))
        }
    }

    @Test("does not certify a key of the authority itself", arguments: Implementation.allCases)
    func authorityKey(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let own = LedgerFixture.prepared()
            _ = try await ledger.recordIntent(own, at: LedgerFixture.start)
            let prepared = LedgerFixture.prepared(key: own.keyDigest)
            let outcome = try await ledger.reserve(
                LedgerFixture.reservation(of: LedgerFixture.user(), prepared: prepared)
            )
            guard case .keyBlocked = outcome else {
                Issue.record("the key was not refused: \(outcome)")
                return
            }
        }
    }
}

/// Expects an enrollment error with this code.
func expectCode(
    _ code: EnrollmentError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? EnrollmentError)?.code == code, sourceLocation: sourceLocation)
    }
}
