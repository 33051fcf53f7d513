internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when help desk acts")
struct DeviceOrderContractTests {
    private static let now = LedgerFixture.start.adding(days: 10)

    // MARK: Reset and retirement

    @Test("resets in one step what a device has and is", arguments: Implementation.allCases)
    func reset(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let again = try await ledger.enrolled(
                enrolled.user,
                claims: enrolled.reservation.claims,
                as: enrolled.device,
                at: LedgerFixture.later(60)
            )
            let until = Self.now.adding(days: 7)
            let order = LedgerFixture.order(.reset, enrolled.device, at: Self.now, permitUntil: until)
            let report = try #require(try await ledger.reset(order).report)
            #expect(report.device.state == .reset)
            #expect(try await ledger.device(enrolled.device) == report.device)
            #expect(Set(report.certificates) == [enrolled.serial, again.serial])
            #expect(report.permitUntil == until)
            for serial in report.certificates {
                let certificate = try #require(try await ledger.certificate(serial))
                #expect(certificate.state == .revoked)
                #expect(certificate.reason == "cessationOfOperation")
                let revocation = try #require(try await ledger.revocation(of: serial))
                #expect(revocation.reason == .cessationOfOperation)
                #expect(revocation.revoked == Self.now)
            }
            #expect(try await ledger.counted(userID: enrolled.user.id, staleBefore: LedgerFixture.start) == [])
            #expect(try await ledger.permits(of: enrolled.device, at: Self.now).map(\.kind) == [.enrollment])
            let event = try #require(try await ledger.events(of: enrolled.device).last)
            #expect(event.id == report.event)
            #expect(event.kind == .reset)
            #expect(event.generation == 3)
            #expect(event.serialNumber == again.serial)
            let act = try #require(try await ledger.act(order.act.traceID))
            #expect(act.act == order.act)
            #expect(act.device == enrolled.device)
            #expect(act.facts.contains(Fact("certificates", "2")))

            let second = LedgerFixture.order(.reset, enrolled.device, at: Self.now.adding(days: 1))
            #expect(try await ledger.reset(second) == .already(report.device, by: order.act))
            #expect(try await ledger.act(second.act.traceID) == nil)
            #expect(try await ledger.events(of: enrolled.device).count == 3)
            #expect(try await ledger.acts(of: enrolled.device, limit: 9) == [act])
        }
    }

    @Test("knows no device it was never told of", arguments: Implementation.allCases)
    func unknown(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let stranger = DeviceID(random: LedgerFixture.octets(16))
            let order = LedgerFixture.order(.reset, stranger)
            #expect(try await ledger.reset(order) == .unknownDevice)
            #expect(try await ledger.retire(order) == .unknownDevice)
            #expect(try await ledger.hold(order) == .unknownDevice)
            #expect(try await ledger.resume(order) == .unknownDevice)
            #expect(try await ledger.permit(.renewal, until: Self.now, order) == .unknownDevice)
            #expect(try await ledger.acts(of: stranger, limit: 9) == [])
            #expect(try await ledger.permits(of: stranger, at: Self.now) == [])
        }
    }

    @Test("lets reset hardware enroll once, with a permit that lasts", arguments: Implementation.allCases)
    func permit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let enrolled = try await ledger.enrolled(user)
            let claims = LedgerFixture.claims(
                hardware: enrolled.reservation.claims.hardwareID?.uppercased(),
                own: enrolled.device
            )
            let until = Self.now.adding(days: 7)
            _ = try await ledger.reset(LedgerFixture.order(.reset, enrolled.device, at: Self.now, permitUntil: until))
            func reservation(_ now: Timestamp = Self.now) -> Reservation {
                LedgerFixture.reservation(of: user, claims: claims, now: now)
            }
            let late = Timestamp(microseconds: until.microseconds + 1)
            #expect(await rule { _ = try await ledger.reserve(reservation(late)) } == "device.permit")

            // What comes to nothing costs no permit, and lifts no bar.
            for keyUse in AuthorityKeyUse.allCases {
                let failed = reservation()
                let receipt = try #require(try await ledger.reserve(failed).receipt)
                #expect(try await ledger.permits(of: enrolled.device, at: Self.now) == [])
                try await ledger.release(receipt, keyUse: keyUse, closing: LedgerFixture.refusal(of: failed))
                #expect(try await ledger.permits(of: enrolled.device, at: Self.now).count == 1)
            }
            #expect(await rule { _ = try await ledger.reserve(reservation(late)) } == "device.permit")
            let forgotten = reservation()
            #expect(try await ledger.reserve(forgotten).receipt != nil)
            #expect(try await ledger.releaseReservations(madeBefore: until, at: until, limit: 9) == 1)
            #expect(try await ledger.permits(of: enrolled.device, at: Self.now).count == 1)

            let back = reservation(until)
            #expect(try await ledger.enroll(back) != nil)
            #expect(back.device != enrolled.device)
            #expect(try await ledger.permits(of: enrolled.device, at: Self.now) == [])
            // It is that device now, and a further enrollment returns to it without a permit.
            let returning = LedgerFixture.reservation(of: user, claims: claims, device: back.device, now: late)
            #expect(try await ledger.enroll(returning) != nil)
            _ = try await ledger.reset(LedgerFixture.order(.reset, back.device, at: late))
            #expect(await rule { _ = try await ledger.reserve(reservation(late)) } == "device.permit")
        }
    }

    @Test("bars reset hardware for its user alone, under whatever else it says", arguments: Implementation.allCases)
    func barred(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let enrolled = try await ledger.enrolled(user)
            let other = try await ledger.enrolled(user)
            _ = try await ledger.reset(LedgerFixture.order(.reset, enrolled.device, at: Self.now))
            let hardware = enrolled.reservation.claims.hardwareID
            func rejection(_ claims: DeviceClaims, as device: DeviceID? = nil) async -> String? {
                await rule {
                    _ = try await ledger.reserve(
                        LedgerFixture.reservation(of: user, claims: claims, device: device, now: Self.now)
                    )
                }
            }
            #expect(await rejection(LedgerFixture.claims(hardware: hardware, name: "Other")) == "device.permit")
            // Repeating the id of another live device of the user does not help.
            let copied = LedgerFixture.claims(hardware: hardware, own: other.device)
            #expect(await rejection(copied, as: other.device) == "device.permit")
            do throws(EnrollmentError) {
                _ = try await ledger.reserve(
                    LedgerFixture.reservation(of: user, claims: enrolled.reservation.claims, now: Self.now)
                )
                Issue.record("barred hardware enrolled")
            } catch {
                #expect(error.code == .authorization)
            }
            // Another user of the same hardware, and other hardware of the same user.
            let claims = LedgerFixture.claims(hardware: hardware)
            let colleague = LedgerFixture.reservation(of: LedgerFixture.user(), claims: claims, now: Self.now)
            #expect(try await ledger.enroll(colleague) != nil)
            #expect(try await ledger.enroll(LedgerFixture.reservation(of: user, now: Self.now)) != nil)
        }
    }

    @Test("goes by the claimed id where no usable hardware id comes", arguments: Implementation.allCases)
    func barredByClaim(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            for hardware in [nil, String(repeating: "0", count: 64)] as [String?] {
                let claims = LedgerFixture.claims(hardware: hardware, deviceID: "A1B2\(hardware?.count ?? 0)")
                let enrolled = try await ledger.enrolled(user, claims: claims)
                _ = try await ledger.retire(LedgerFixture.order(.retire, enrolled.device, at: Self.now))
                let again = LedgerFixture.claims(hardware: hardware, deviceID: claims.deviceID.lowercased())
                let barred = LedgerFixture.reservation(of: user, claims: again, now: Self.now)
                #expect(await rule { _ = try await ledger.reserve(barred) } == "device.permit")
                let other = LedgerFixture.claims(hardware: hardware, deviceID: "other\(hardware?.count ?? 0)")
                #expect(
                    try await ledger.enroll(LedgerFixture.reservation(of: user, claims: other, now: Self.now)) != nil
                )
            }
        }
    }

    @Test(
        "does not bar hardware that expired, or whose certificates alone were revoked",
        arguments: Implementation.allCases
    )
    func notBarred(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let expired = try await ledger.enrolled(days: 5)
            #expect(try await ledger.expire(endedBefore: Self.now, at: Self.now, limit: 9) == 1)
            let revoked = try await ledger.enrolled()
            _ = try await ledger.revoke(LedgerFixture.order([revoked.serial], .keyCompromise))
            #expect(try await ledger.device(revoked.device)?.state == .revoked)
            for enrolled in [expired, revoked] {
                let order = LedgerFixture.order(.permit, enrolled.device, at: Self.now)
                #expect(try await ledger.permit(.enrollment, until: Self.now.adding(days: 1), order).isRefused)
                let again = LedgerFixture.reservation(
                    of: enrolled.user,
                    claims: enrolled.reservation.claims,
                    now: Self.now
                )
                #expect(try await ledger.enroll(again) != nil)
            }
        }
    }

    @Test("retires for good, also what was reset, and takes its permit", arguments: Implementation.allCases)
    func retire(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let until = Self.now.adding(days: 7)
            _ = try await ledger.reset(LedgerFixture.order(.reset, enrolled.device, at: Self.now, permitUntil: until))
            let order = LedgerFixture.order(.retire, enrolled.device, at: Self.now.adding(seconds: 1))
            let report = try #require(try await ledger.retire(order).report)
            #expect(report.device.state == .revoked)
            #expect(report.certificates == [])
            #expect(try await ledger.permits(of: enrolled.device, at: Self.now) == [])
            #expect(try await ledger.retire(order) == .already(report.device, by: order.act))
            let reset = LedgerFixture.order(.reset, enrolled.device, at: Self.now)
            #expect(try await ledger.reset(reset).isRefused)
            let claims = enrolled.reservation.claims
            let again = LedgerFixture.reservation(of: enrolled.user, claims: claims, now: Self.now)
            #expect(await rule { _ = try await ledger.reserve(again) } == "device.permit")
            // Only a permit of its own brings it back.
            let permit = LedgerFixture.order(.permit, enrolled.device, at: Self.now)
            #expect(try await ledger.permit(.enrollment, until: until, permit).report != nil)
            #expect(try await ledger.enroll(again) != nil)
            let events = try await ledger.events(of: enrolled.device)
            #expect(events.map(\.kind) == [.enrolled, .reset, .revoked])
            #expect(try await ledger.acts(of: enrolled.device, limit: 9).map(\.act.verb) == [.permit, .retire, .reset])
            #expect(try await ledger.acts(of: enrolled.device, limit: 1).map(\.act.verb) == [.permit])
        }
    }

    @Test("tells a compromise, also over a hold, and keeps graver reasons", arguments: Implementation.allCases)
    func reasons(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            _ = try await ledger.hold(LedgerFixture.order(.hold, enrolled.device, at: LedgerFixture.start))
            let order = LedgerFixture.order(.retire, enrolled.device, at: Self.now, because: .keyCompromise)
            #expect(try await ledger.retire(order).report?.certificates == [enrolled.serial])
            #expect(try await ledger.revocation(of: enrolled.serial)?.reason == .keyCompromise)
            #expect(try await ledger.certificate(enrolled.serial)?.reason == "keyCompromise")
            #expect(try await ledger.supersede(dueBy: Self.now.adding(days: 9), limit: 9) == 0)
        }
    }

    @Test("resets what expired, and refuses what never was", arguments: Implementation.allCases)
    func ended(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let expired = try await ledger.enrolled(days: 5)
            _ = try await ledger.expire(endedBefore: Self.now, at: Self.now, limit: 9)
            let report = try await ledger.reset(LedgerFixture.order(.reset, expired.device, at: Self.now)).report
            #expect(report?.device.state == .reset)
            #expect(report?.certificates == [])

            let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            #expect(try await ledger.hold(LedgerFixture.order(.hold, reservation.device)).isRefused)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: reservation))
            for outcome in [
                try await ledger.reset(LedgerFixture.order(.reset, reservation.device)),
                try await ledger.retire(LedgerFixture.order(.retire, reservation.device)),
                try await ledger.hold(LedgerFixture.order(.hold, reservation.device)),
                try await ledger.resume(LedgerFixture.order(.resume, reservation.device)),
                try await ledger.hold(LedgerFixture.order(.hold, expired.device)),
                try await ledger.resume(LedgerFixture.order(.resume, expired.device)),
            ] { #expect(outcome.isRefused) }
            #expect(try await ledger.acts(of: reservation.device, limit: 9) == [])
        }
    }

    @Test("resets a device whose first enrollment is under way", arguments: Implementation.allCases)
    func reserved(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let reservation = LedgerFixture.reservation(of: LedgerFixture.user(), prepared: LedgerFixture.leaf())
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            let report = try await ledger.reset(LedgerFixture.order(.reset, reservation.device)).report
            #expect(report?.certificates == [receipt.serialNumber])
            #expect(report?.device.state == .reset)
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == .intent)
            let late = Self.now
            #expect(try await ledger.releaseReservations(madeBefore: late, at: late, limit: 9) == 1)
            #expect(try await ledger.device(reservation.device)?.state == .reset)
            #expect(try await ledger.attempt(reservation.attempt.traceID)?.outcome == .refused)
        }
    }

    // MARK: Hold

    @Test("holds all that is valid and lets go of what was only on hold", arguments: Implementation.allCases)
    func hold(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled(days: 30)
            let new = try await ledger.renew(enrolled.certificate, by: enrolled.user, overlapDays: 5, at: Self.now)
            let order = LedgerFixture.order(.hold, enrolled.device, at: Self.now)
            let report = try #require(try await ledger.hold(order).report)
            #expect(report.device.state == .held)
            #expect(Set(report.certificates) == [enrolled.serial, new.serialNumber])
            #expect(try await ledger.hold(order) == .already(report.device, by: order.act))
            for serial in report.certificates {
                #expect(try await ledger.certificate(serial)?.state == .issued)
                #expect(try await ledger.revocation(of: serial)?.reason == .certificateHold)
            }
            // It keeps its slot and gets nothing.
            #expect(try await ledger.counted(userID: enrolled.user.id, staleBefore: LedgerFixture.start).count == 1)
            let again = LedgerFixture.reservation(
                of: enrolled.user,
                claims: enrolled.reservation.claims,
                device: enrolled.device,
                now: Self.now
            )
            #expect(await rule { _ = try await ledger.reserve(again) } == "device.held")

            // What is superseded meanwhile stays so.
            let due = Self.now.adding(days: 6)
            #expect(try await ledger.supersede(dueBy: due, limit: 9) == 1)
            #expect(try await ledger.revocation(of: enrolled.serial)?.reason == .superseded)
            let resume = LedgerFixture.order(.resume, enrolled.device, at: due)
            let resumed = try #require(try await ledger.resume(resume).report)
            #expect(resumed.device.state == .active)
            #expect(resumed.certificates == [new.serialNumber])
            #expect(try await ledger.revocation(of: new.serialNumber) == nil)
            #expect(try await ledger.revocation(of: enrolled.serial)?.reason == .superseded)
            #expect(try await ledger.resume(resume) == .already(resumed.device, by: resume.act))
            let events = try await ledger.events(of: enrolled.device)
            #expect(events.map(\.kind) == [.enrolled, .renewed, .held, .superseded, .resumed])
            #expect(events.map(\.generation) == Array(1...5))
            #expect(events.last?.id == resumed.event)
            #expect(events.last?.serialNumber == new.serialNumber)
        }
    }

    // MARK: Permits

    @Test("gives a permit only where one means something", arguments: Implementation.allCases)
    func permits(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let live = try await ledger.enrolled()
            let reset = try await ledger.enrolled()
            _ = try await ledger.reset(LedgerFixture.order(.reset, reset.device, at: Self.now))
            let until = Self.now.adding(days: 1)
            func outcome(_ kind: Permit.Kind, _ enrolled: Enrolled, until: Timestamp = until) async throws
                -> DeviceOrderOutcome
            {
                try await ledger.permit(kind, until: until, LedgerFixture.order(.permit, enrolled.device, at: Self.now))
            }
            #expect(try await outcome(.enrollment, live).isRefused)
            #expect(try await outcome(.renewal, reset).isRefused)
            #expect(try await outcome(.renewal, live, until: Self.now).isRefused)
            #expect(try await ledger.permits(of: live.device, at: Self.now) == [])
            #expect(try await ledger.permits(of: reset.device, at: Self.now) == [])
            #expect(try await outcome(.renewal, live).report?.permitUntil == until)
            #expect(try await outcome(.enrollment, reset).report != nil)
            #expect(try await ledger.permits(of: live.device, at: until).map(\.kind) == [.renewal])
            #expect(try await ledger.permits(of: reset.device, at: until).map(\.kind) == [.enrollment])
            let facts = try await ledger.acts(of: live.device, limit: 1).first?.facts
            #expect(facts?.contains(Fact("permit", "renewal")) == true)
            // A reset takes what was given before it.
            _ = try await ledger.reset(LedgerFixture.order(.reset, live.device, at: Self.now))
            #expect(try await ledger.permits(of: live.device, at: Self.now) == [])
        }
    }

    @Test("gives back no permit that another one has replaced", arguments: Implementation.allCases)
    func replacedPermit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let enrolled = try await ledger.enrolled()
            let until = Self.now.adding(days: 7)
            _ = try await ledger.reset(LedgerFixture.order(.reset, enrolled.device, at: Self.now, permitUntil: until))
            let back = LedgerFixture.reservation(
                of: enrolled.user,
                claims: enrolled.reservation.claims,
                now: Self.now
            )
            let receipt = try #require(try await ledger.reserve(back).receipt)
            let longer = Self.now.adding(days: 30)
            let order = LedgerFixture.order(.permit, enrolled.device, at: Self.now)
            #expect(try await ledger.permit(.enrollment, until: longer, order).report != nil)
            try await ledger.release(receipt, keyUse: .none, closing: LedgerFixture.refusal(of: back))
            #expect(try await ledger.permits(of: enrolled.device, at: Self.now).map(\.until) == [longer])
        }
    }
}
