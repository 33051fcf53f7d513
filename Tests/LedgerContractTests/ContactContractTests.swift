internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when devices are seen")
struct ContactContractTests {
    @Test("makes a device active the first time, and knows then what it has", arguments: Implementation.allCases)
    func first(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let now = LedgerFixture.later(5)
            #expect(try await ledger.certificate(enrolled.serial)?.seen == nil)
            #expect(
                try await ledger.see(enrolled.certificate, at: now) == .noted(device: enrolled.device, isFirst: true)
            )
            let device = try #require(try await ledger.device(enrolled.device))
            #expect(device.state == .active)
            #expect(device.lastProvenContact == now)
            #expect(try await ledger.certificate(enrolled.serial)?.seen == now)
            #expect(try await ledger.candidate(of: enrolled.certificate).trusted == ["root-1", "2026-a"])
            let later = LedgerFixture.later(9)
            #expect(
                try await ledger.see(enrolled.certificate, at: later) == .noted(device: enrolled.device, isFirst: false)
            )
            #expect(try await ledger.certificate(enrolled.serial)?.seen == now)
        }
    }

    @Test(
        "ends what came before the certificate that was seen, and nothing that came after",
        arguments: Implementation.allCases
    )
    func older(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let one = try await ledger.enrolled()
            var all = [one]
            for number in 1..<4 {
                all.append(
                    try await ledger.enrolled(
                        one.user,
                        claims: one.reservation.claims,
                        as: one.device,
                        delivered: ["root-\(number)"],
                        at: LedgerFixture.later(Int64(number))
                    )
                )
            }
            let now = LedgerFixture.later(60)
            #expect(try await ledger.see(all[2].certificate, at: now) == .noted(device: one.device, isFirst: true))
            for index in 0..<2 {
                let ended = try #require(try await ledger.certificate(all[index].serial))
                #expect(ended.state == .superseded)
                #expect(ended.reason == CertificateRecord.replaced)
                let revocation = try await ledger.revocation(of: all[index].serial)
                #expect(revocation?.reason == .superseded)
                #expect(revocation?.revoked == now)
            }
            #expect(try await ledger.state(of: all[2].certificate) == .issued)
            #expect(try await ledger.state(of: all[3].certificate) == .issued)
            #expect(try await ledger.device(one.device)?.certificateSerial == all[2].serial)
            #expect(try await ledger.candidate(of: all[2].certificate).trusted == ["root-2"])
            let events = try await ledger.events(of: one.device)
            #expect(events.suffix(2).map(\.kind) == [.superseded, .superseded])
            #expect(Set(events.suffix(2).map(\.serialNumber)) == [all[0].serial, all[1].serial])
            #expect(events.map(\.generation) == Array(1...6))
            // A late sign of life of an ended one says so.
            #expect(try await ledger.see(all[0].certificate, at: now) == .notCurrent(device: one.device))
        }
    }

    @Test(
        "keeps the certificate a device is seen with, whichever of two enrollments was concluded last",
        arguments: Implementation.allCases,
        [true, false]
    )
    func rivals(implementation: Implementation, laterIsSeen: Bool) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let one = try await ledger.enrolled()
            func enrolledAgain(after seconds: Int64) async throws -> Enrolled {
                try await ledger.enrolled(
                    one.user,
                    claims: one.reservation.claims,
                    as: one.device,
                    at: LedgerFixture.later(seconds)
                )
            }
            let used = try await enrolledAgain(after: 60)
            let late = try await enrolledAgain(after: 61)
            let due = LedgerFixture.later(3 * LedgerFixture.day)
            _ = try await ledger.see(used.certificate, at: LedgerFixture.later(70))
            let device = try #require(try await ledger.device(one.device))
            #expect(device.certificateSerial == used.serial)
            #expect(device.certificateEnds == used.certificate.validity.notAfter)
            #expect(try await ledger.certificate(used.serial)?.supersedeAfter == nil)
            // It was on its way after all.
            if laterIsSeen { _ = try await ledger.see(late.certificate, at: LedgerFixture.later(80)) }
            let (kept, gone) = laterIsSeen ? (late, used) : (used, late)
            #expect(try await ledger.supersede(dueBy: due, limit: 9) == (laterIsSeen ? 0 : 1))
            #expect(try await ledger.state(of: kept.certificate) == .issued)
            #expect(try await ledger.revocation(of: gone.serial)?.reason == .superseded)
            #expect(try await ledger.device(one.device)?.certificateSerial == kept.serial)
            #expect(try await ledger.certificate(kept.serial)?.supersedeAfter == nil)
        }
    }

    @Test("moves the last contact forward by ten minutes at least, and never back", arguments: Implementation.allCases)
    func later(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            func contact(after seconds: Int64) async throws -> Int64 {
                let outcome = try await ledger.see(enrolled.certificate, at: LedgerFixture.later(seconds))
                guard case .noted(enrolled.device, _) = outcome else { return -1 }
                let device = try #require(try await ledger.device(enrolled.device))
                return device.lastProvenContact.seconds(since: LedgerFixture.start)
            }
            #expect(try await contact(after: 10) == 10)
            #expect(try await contact(after: 609) == 10)
            #expect(try await contact(after: 610) == 610)
            #expect(try await contact(after: 20) == 610)
            #expect(try await contact(after: 86_400) == 86_400)
        }
    }

    @Test("believes no certificate that does not count any more", arguments: Implementation.allCases)
    func notCurrent(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let now = LedgerFixture.later(60)
            #expect(
                try await ledger.note(
                    Contact(thumbprint: LedgerFixture.octets(32), witness: .managementServer, time: now)
                ) == .unknown
            )
            let reset = try await ledger.enrolled()
            _ = try await ledger.reset(LedgerFixture.order(.reset, reset.device))
            let held = try await ledger.enrolled()
            _ = try await ledger.hold(LedgerFixture.order(.hold, held.device))
            let onHold = try await ledger.enrolled()
            _ = try await ledger.revoke(LedgerFixture.order([onHold.serial], .certificateHold))
            let revoked = try await ledger.enrolled()
            _ = try await ledger.revoke(LedgerFixture.order([revoked.serial], .keyCompromise))
            for enrolled in [reset, held, onHold, revoked] {
                let before = try await ledger.device(enrolled.device)
                #expect(try await ledger.see(enrolled.certificate, at: now) == .notCurrent(device: enrolled.device))
                #expect(try await ledger.device(enrolled.device) == before)
            }
            let short = try await ledger.enrolled(days: 1)
            let end = short.certificate.validity.notAfter
            #expect(try await ledger.see(short.certificate, at: end) == .noted(device: short.device, isFirst: true))
            let after = Timestamp(microseconds: end.microseconds + 1)
            #expect(try await ledger.see(short.certificate, at: after) == .notCurrent(device: short.device))
            #expect(try await ledger.expire(endedBefore: after, at: after, limit: 9) == 1)
            #expect(try await ledger.see(short.certificate, at: end) == .notCurrent(device: short.device))
        }
    }

    @Test("says of the service's own certificate that it is nobody's", arguments: Implementation.allCases)
    func own(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let prepared = LedgerFixture.prepared()
            let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
            let certificate = LedgerFixture.certificate(for: prepared)
            let record = ServiceCertificateRecord(
                use: "tls",
                serialNumber: receipt.serialNumber,
                chain: [certificate.der],
                sealedKey: [1],
                notAfter: certificate.validity.notAfter
            )
            try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
            #expect(try await ledger.see(certificate, at: LedgerFixture.later(1)) == .notCurrent(device: nil))
        }
    }

    @Test("makes no held device active by resuming it, and no active one issued", arguments: Implementation.allCases)
    func resumed(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let seen = try await ledger.enrolled()
            _ = try await ledger.see(seen.certificate, at: LedgerFixture.later(1))
            let unseen = try await ledger.enrolled()
            for (enrolled, state) in [(seen, DeviceState.active), (unseen, .issued)] {
                _ = try await ledger.hold(LedgerFixture.order(.hold, enrolled.device))
                let resumed = try await ledger.resume(LedgerFixture.order(.resume, enrolled.device))
                #expect(resumed.report?.device.state == state)
            }
        }
    }
}
