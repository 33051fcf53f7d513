internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when devices renew")
struct RenewalContractTests {
    private static let due = LedgerFixture.start.adding(days: 306)

    @Test("moves the device to its next certificate and leaves both valid", arguments: Implementation.allCases)
    func renewal(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let renamed = DirectoryUser(id: enrolled.user.id, principalName: "kim.lee@corp.example", source: "dc2")
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            #expect(try await ledger.certificate(enrolled.serial) == candidate.certificate)
            #expect(candidate.certificate.protection == .software)
            #expect(candidate.certificate.crlShard == 3)
            #expect(try await ledger.device(enrolled.device) == candidate.device)
            #expect(candidate.revocation == nil)
            #expect(candidate.permit == nil)
            // Whoever has the certificate has received what came with it.
            #expect(candidate.trusted == ["root-1", "2026-a"])

            let renewal = LedgerFixture.renewal(of: candidate, by: renamed, at: Self.due)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            #expect(receipt.toBeSignedDigest == renewal.prepared.toBeSignedDigest)
            let intent = try #require(try await ledger.certificate(receipt.serialNumber))
            #expect(intent.state == .intent)
            #expect(intent.predecessor == enrolled.serial)
            #expect(intent.protection == .hardware)
            #expect(try await ledger.attempt(renewal.attempt.traceID)?.outcome == .open)
            #expect(try await ledger.user(enrolled.user.id)?.principalName == "kim.lee@corp.example")

            let confirmation = LedgerFixture.confirmation(of: renewal, receipt)
            try await ledger.confirm(confirmation)
            let device = try #require(try await ledger.device(enrolled.device))
            #expect(device.state == .active)
            #expect(device.certificateSerial == receipt.serialNumber)
            #expect(device.certificateEnds == renewal.prepared.draft.validity.notAfter)
            #expect(device.lastProvenContact == Self.due)
            #expect(device.generation == 2)
            let new = try #require(try await ledger.certificate(receipt.serialNumber))
            #expect(new.state == .issued)
            #expect(new.der == confirmation.certificate.der)
            #expect(new.predecessor == enrolled.serial)
            #expect(new.seen == nil)
            #expect(new.supersedeAfter == nil)
            let old = try #require(try await ledger.certificate(enrolled.serial))
            #expect(old.state == .issued)
            #expect(old.seen == Self.due)
            #expect(old.supersedeAfter == Self.due.adding(days: 30))
            #expect(try await ledger.revocation(of: enrolled.serial) == nil)
            #expect(try await ledger.attempt(renewal.attempt.traceID) == confirmation.attempt)
            let events = try await ledger.events(of: enrolled.device)
            #expect(events.map(\.kind) == [.enrolled, .renewed])
            #expect(events.map(\.generation) == [1, 2])
            #expect(events.last?.id == confirmation.eventID)
            #expect(events.last?.serialNumber == receipt.serialNumber)
            #expect(try await ledger.candidate(of: enrolled.certificate).trusted == ["root-1", "2026-a"])
        }
    }

    @Test("never lets a predecessor outlive its own end", arguments: Implementation.allCases)
    func shortOverlap(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled(days: 10)
            let late = LedgerFixture.start.adding(days: 9)
            _ = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: late)
            let end = enrolled.certificate.validity.notAfter
            #expect(try await ledger.certificate(enrolled.serial)?.supersedeAfter == end)
            #expect(try await ledger.supersede(dueBy: Timestamp(microseconds: end.microseconds - 1), limit: 9) == 0)
            #expect(try await ledger.supersede(dueBy: end, limit: 9) == 1)
        }
    }

    @Test("keeps a device going whose answers are lost three times", arguments: Implementation.allCases)
    func lostAnswers(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            var successors: [IssuedCertificate] = []
            for attempt in 0..<4 {
                let now = Self.due.adding(days: 4 * attempt)
                successors.append(try await ledger.renew(enrolled.certificate, by: enrolled.user, at: now))
                let old = try #require(try await ledger.certificate(enrolled.serial))
                #expect(old.state == .issued)
                #expect(old.supersedeAfter == now.adding(days: 30))
                for lost in successors.dropLast() {
                    #expect(try await ledger.state(of: lost) == .superseded)
                    #expect(try await ledger.revocation(of: lost.serialNumber)?.reason == .superseded)
                }
            }
            let last = successors[3]
            #expect(try await ledger.device(enrolled.device)?.certificateSerial == last.serialNumber)
            let seen = Self.due.adding(days: 13)
            #expect(try await ledger.see(last, at: seen) == .noted(device: enrolled.device, isFirst: true))
            #expect(try await ledger.state(of: enrolled.certificate) == .superseded)
            #expect(try await ledger.revocation(of: enrolled.serial)?.revoked == seen)
            let valid = try await ledger.certificates(CertificateQuery(state: .issued, device: enrolled.device))
            #expect(valid.elements.map(\.serialNumber) == [last.serialNumber])
            let events = try await ledger.events(of: enrolled.device)
            #expect(
                events.map(\.kind) == [
                    .enrolled, .renewed, .superseded, .renewed, .superseded, .renewed, .superseded, .renewed,
                    .superseded,
                ]
            )
            #expect(events.map(\.generation) == Array(1...9))
            #expect(try await ledger.device(enrolled.device)?.generation == 9)
            #expect(try await ledger.counted(userID: enrolled.user.id, staleBefore: Self.due).count == 1)
        }
    }

    @Test(
        "never supersedes the certificate a device has by the answer to an earlier request that took longer",
        arguments: Implementation.allCases
    )
    func overtakenRequest(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            // The directory let the first request wait; the device gave up and asked again.
            let first = LedgerFixture.renewal(
                of: candidate,
                by: enrolled.user,
                attempt: LedgerFixture.attempt(.renewal, at: Self.due),
                at: Self.due.adding(seconds: 95)
            )
            let second = try await ledger.renew(
                enrolled.certificate,
                by: enrolled.user,
                at: Self.due.adding(seconds: 90)
            )
            let receipt = try #require(try await ledger.reserve(first).receipt)
            let late = LedgerFixture.confirmation(of: first, receipt)
            #expect(await rule { try await ledger.confirm(late) } == "renewal.overtaken")
            #expect(try await ledger.state(of: second) == .issued)
            #expect(try await ledger.revocation(of: second.serialNumber) == nil)
            #expect(try await ledger.device(enrolled.device)?.certificateSerial == second.serialNumber)
            let seen = Self.due.adding(seconds: 100)
            #expect(try await ledger.see(second, at: seen) == .noted(device: enrolled.device, isFirst: true))
        }
    }

    @Test("lets one certificate be renewed only so often in a day", arguments: Implementation.allCases)
    func tooOften(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            func ask(at now: Timestamp) async throws -> RenewalReservationOutcome {
                try await ledger.reserve(
                    LedgerFixture.renewal(of: candidate, by: enrolled.user, triesPerDay: 3, at: now)
                )
            }
            for hour in Int64(0)..<3 {
                #expect(try await ask(at: Self.due.adding(seconds: hour * 3_600)).receipt != nil)
            }
            #expect(try await ask(at: Self.due.adding(seconds: 86_000)) == .tooOften)
            // The first of them is a day old now.
            #expect(try await ask(at: Self.due.adding(seconds: 86_500)).receipt != nil)
            #expect(try await ask(at: Self.due.adding(seconds: 86_600)) == .tooOften)
        }
    }

    @Test("stores no certificate whose key was blocked while it was signed", arguments: Implementation.allCases)
    func blockedMeanwhile(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            let act = LedgerFixture.act(.blockKey, at: Self.due)
            #expect(try await ledger.blockKey(renewal.prepared.keyDigest, act: act))
            let confirmation = LedgerFixture.confirmation(of: renewal, receipt)
            #expect(await rule { try await ledger.confirm(confirmation) } == "key.blocked")
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
            #expect(try await ledger.device(enrolled.device)?.certificateSerial == enrolled.serial)
        }
    }

    @Test("renews again after a clock that ran a year ahead was put right", arguments: Implementation.allCases)
    func wrongClock(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled(days: 3_000)
            let lost = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.due.adding(days: 365))
            _ = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.due)
            #expect(try await ledger.state(of: lost) == .superseded)
        }
    }

    @Test("leaves a successor that was seen when its predecessor's time has come", arguments: Implementation.allCases)
    func seenSuccessor(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let new = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: Self.due)
            _ = try await ledger.see(new, at: Self.due.adding(seconds: 5))
            #expect(try await ledger.supersede(dueBy: Self.due.adding(days: 99), limit: 9) == 0)
            // The old one renews no more.
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            #expect(candidate.revocation?.reason == .superseded)
            let again = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due.adding(days: 1))
            #expect(try await ledger.reserve(again) == .standingChanged)
            _ = try await ledger.renew(new, by: enrolled.user, at: Self.due.adding(days: 200))
        }
    }

    @Test("ends what a device held before the certificate it renews", arguments: Implementation.allCases)
    func firstSight(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = try await ledger.enrolled()
            let second = try await ledger.enrolled(
                first.user,
                claims: first.reservation.claims,
                as: first.device,
                at: LedgerFixture.later(60)
            )
            #expect(try await ledger.device(first.device)?.state == .issued)
            let candidate = try await ledger.candidate(of: second.certificate)
            let renewal = LedgerFixture.renewal(of: candidate, by: first.user, at: Self.due)
            let receipt = try #require(try await ledger.reserve(renewal).receipt)
            #expect(try await ledger.state(of: first.certificate) == .superseded)
            #expect(try await ledger.device(first.device)?.state == .active)
            #expect(try await ledger.certificate(second.serial)?.seen == Self.due)

            // What was proven stays so, also when nothing comes of the renewal.
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: renewal))
            let device = try #require(try await ledger.device(first.device))
            #expect(device.state == .active)
            #expect(device.lastProvenContact == Self.due)
            #expect(device.certificateSerial == second.serial)
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .closed)
            #expect(try await ledger.revocation(of: receipt.serialNumber) == nil)
            #expect(try await ledger.candidate(of: second.certificate).trusted == ["root-1", "2026-a"])
        }
    }

    @Test("takes the claims that came, keeps the others, and notes contradictions", arguments: Implementation.allCases)
    func claims(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let hardware = try #require(enrolled.reservation.claims.hardwareID)
            func renew(_ items: [String: String]) async throws -> DeviceRecord {
                let claims = DeviceClaims(
                    deviceID: enrolled.reservation.claims.deviceID,
                    enrollmentType: .full,
                    items: items.map { DeviceClaims.Item(name: $0.key, value: $0.value) }
                )
                let candidate = try await ledger.candidate(of: enrolled.certificate)
                let renewal = LedgerFixture.renewal(of: candidate, by: enrolled.user, claims: claims, at: Self.due)
                let receipt = try #require(try await ledger.reserve(renewal).receipt)
                try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: renewal))
                return try #require(try await ledger.device(enrolled.device))
            }
            var device = try await renew([:])
            #expect(device.name == "DESKTOP-7F3A")
            #expect(device.hardwareID == hardware)
            #expect(device.conflicts == [])
            device = try await renew(["DeviceName": "Kims-PC", "OSVersion": "10.0.27000.1", "DeviceModel": "X1"])
            #expect(device.name == "Kims-PC")
            #expect(device.osVersion == "10.0.27000.1")
            #expect(device.model == "X1")
            #expect(device.hardwareID == hardware)
            #expect(try await ledger.devices(matching: "kims-pc", limit: 5).map(\.device) == [enrolled.device])
            device = try await renew(["HWDevID": String(repeating: "0", count: 64)])
            #expect(device.hardwareID == hardware)
            #expect(device.conflicts.count == 1)
            let other = LedgerFixture.hardware()
            device = try await renew(["HWDevID": other.uppercased()])
            #expect(device.hardwareID == other)
            #expect(device.conflicts.count == 2)
            #expect(device.conflicts.last?.contains(hardware.prefix(16)) == true)
        }
    }

    @Test(
        "refuses keys that are blocked or were certified before, the device's own too",
        arguments: Implementation.allCases
    )
    func keys(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let neighbor = try await ledger.enrolled()
            let own = LedgerFixture.prepared()
            _ = try await ledger.recordIntent(own, at: LedgerFixture.start)
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            func outcome(_ key: [UInt8]) async throws -> RenewalReservationOutcome {
                let prepared = LedgerFixture.leaf(at: Self.due, key: key)
                return try await ledger.reserve(
                    LedgerFixture.renewal(of: candidate, by: enrolled.user, prepared: prepared, at: Self.due)
                )
            }
            let reused = enrolled.reservation.prepared.keyDigest
            #expect(try await outcome(reused) == .keyInUse(by: enrolled.device))
            #expect(try await outcome(neighbor.reservation.prepared.keyDigest) == .keyInUse(by: neighbor.device))
            #expect(try await outcome(own.keyDigest) == .keyInUse(by: nil))
            let blocked = LedgerFixture.octets(32)
            _ = try await ledger.blockKey(
                blocked,
                act: LedgerFixture.act(.blockKey, at: LedgerFixture.start, reason: "leaked")
            )
            #expect(try await outcome(blocked) == .keyBlocked(reason: "leaked"))
            #expect(try await ledger.device(enrolled.device)?.lastProvenContact == LedgerFixture.start)
            #expect(try await ledger.certificate(enrolled.serial)?.seen == nil)

            // Perhaps signed and given to nobody: the device may try again with the same key.
            let again = LedgerFixture.octets(32)
            let receipt = try #require(try await outcome(again).receipt)
            #expect(try await outcome(again) == .keyInUse(by: enrolled.device))
            var attempt = LedgerFixture.attempt(.renewal, at: Self.due)
            attempt.refuse(EnrollmentError(.internalService, "No.", rule: "issuance.signature"), at: Self.due)
            try await ledger.release(receipt, keyUse: .possible, closing: attempt)
            #expect(try await outcome(again).receipt != nil)
        }
    }

    @Test("takes serial numbers and trace ids once", arguments: Implementation.allCases)
    func taken(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let candidate = try await ledger.candidate(of: enrolled.certificate)
            let attempt = LedgerFixture.attempt(.renewal, at: Self.due)
            #expect(try await ledger.record(attempt))
            let spoken = LedgerFixture.renewal(of: candidate, by: enrolled.user, attempt: attempt, at: Self.due)
            #expect(try await ledger.reserve(spoken) == .traceIDTaken)
            let first = LedgerFixture.renewal(of: candidate, by: enrolled.user, at: Self.due)
            #expect(try await ledger.reserve(first).receipt != nil)
            let plain = LedgerFixture.leaf(at: Self.due)
            let prepared = PreparedCertificate(
                draft: first.prepared.draft,
                toBeSigned: plain.toBeSigned,
                toBeSignedDigest: plain.toBeSignedDigest,
                keyDigest: plain.keyDigest,
                subject: plain.subject
            )
            let second = LedgerFixture.renewal(of: candidate, by: enrolled.user, prepared: prepared, at: Self.due)
            #expect(try await ledger.reserve(second) == .serialNumberTaken)
        }
    }
}
