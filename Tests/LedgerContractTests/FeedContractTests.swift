internal import EnrollmentCore
internal import Testing

@Suite("Every ledger's feed of events")
struct FeedContractTests {
    @Test("has an event once it has its place, in the order in which they came", arguments: Implementation.allCases)
    func placing(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.placeEvents(limit: 10) == 0)
            #expect(try await ledger.feedExtent() == FeedExtent(pruned: 0, last: 0))
            var devices: [DeviceID] = []
            for _ in 0..<5 { devices.append(try await ledger.enrolled().device) }
            #expect(try await ledger.events(after: 0, kinds: [], limit: 10) == [])
            #expect(try await ledger.placeEvents(limit: 3) == 3)
            #expect(try await ledger.events(after: 0, kinds: [], limit: 10).map(\.position) == [1, 2, 3])
            _ = try await ledger.hold(LedgerFixture.order(.hold, devices[0]))
            #expect(try await ledger.placeEvents(limit: 10) == 3)
            #expect(try await ledger.placeEvents(limit: 10) == 0)
            let feed = try await ledger.events(after: 0, kinds: [], limit: 10)
            #expect(feed.map(\.position) == [1, 2, 3, 4, 5, 6])
            #expect(feed.map(\.event.device) == devices + [devices[0]])
            #expect(feed.map(\.event.kind) == Array(repeating: .enrolled, count: 5) + [.held])
            #expect(feed.map(\.event) == (try await ledger.pendingEvents(limit: 10)))
            #expect(try await ledger.feedExtent() == FeedExtent(pruned: 0, last: 6))
            #expect(try await ledger.events(after: 4, kinds: [], limit: 1).map(\.position) == [5])
            #expect(try await ledger.events(after: 0, kinds: [.held, .reset], limit: 9).map(\.position) == [6])
            #expect(try await ledger.events(after: 6, kinds: [], limit: 9) == [])
        }
    }

    @Test("gives no position twice, even when everything was removed", arguments: Implementation.allCases)
    func numbers(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for _ in 0..<3 { _ = try await ledger.enrolled() }
            try await ledger.placeAll()
            let later = LedgerFixture.later(1)
            #expect(try await ledger.pruneEvents(recordedBefore: later, deliveredTo: [], limit: 2) == 2)
            #expect(try await ledger.feedExtent() == FeedExtent(pruned: 2, last: 3))
            #expect(try await ledger.pruneEvents(recordedBefore: later, deliveredTo: [], limit: 9) == 1)
            #expect(try await ledger.feedExtent() == FeedExtent(pruned: 3, last: 3))
            #expect(try await ledger.newestIdentityChange().event == 3)
            _ = try await ledger.enrolled()
            #expect(try await ledger.feed().map(\.position) == [4])
            #expect(try await ledger.feedExtent().kept == 4...4)
        }
    }

    @Test(
        "says how far it has gaps, where one event is kept before others that are gone",
        arguments: Implementation.allCases
    )
    func gaps(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for _ in 0..<4 { _ = try await ledger.enrolled() }
            try await ledger.placeAll()
            #expect(try await ledger.takeDestination("mdm", holder: LedgerFixture.sender, for: 60))
            let dead = LedgerFixture.delivery(1, .dead)
            #expect(try await ledger.record(LedgerFixture.report(cursor: 3, open: [dead])))
            let later = LedgerFixture.later(1)
            #expect(try await ledger.pruneEvents(recordedBefore: later, deliveredTo: ["mdm"], limit: 9) == 2)
            #expect(try await ledger.feed().map(\.position) == [1, 4])
            let extent = try await ledger.feedExtent()
            #expect(extent == FeedExtent(pruned: 3, last: 4))
            #expect((Int64(0)...5).filter(extent.holds) == [3, 4])
        }
    }

    @Test("tells an enrollment with all that was recorded of it", arguments: Implementation.allCases)
    func enrollment(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let terms = EnrollmentTerms(
                providerID: "mdm-2",
                ownership: .corporate,
                ownershipRule: "notebooks",
                attributes: [Fact("cost-center", "4711")]
            )
            let enrolled = try await ledger.enrolled(on: terms)
            let event = try #require(try await ledger.feed().first)
            #expect(event.event.kind == .enrolled)
            #expect(event.event.generation == 1)
            #expect(event.recorded == LedgerFixture.start)
            #expect(event.traceID == enrolled.reservation.attempt.traceID)
            #expect(event.sealedAccount == [7, 7, 7])
            #expect(event.details == [Fact("attribute.cost-center", "4711")])
            #expect(event.predecessor == nil)
            #expect(event.act == nil)
            #expect(event.attempt == nil)
            let certificate = try #require(event.certificate)
            #expect(certificate.serialNumber == enrolled.serial)
            #expect(certificate.issuerID == LedgerFixture.issuer)
            #expect(certificate.notBefore == enrolled.certificate.validity.notBefore)
            #expect(certificate.notAfter == enrolled.certificate.validity.notAfter)
            #expect(certificate.thumbprint == enrolled.certificate.thumbprint)
            #expect(certificate.windowsThumbprint == enrolled.certificate.windowsThumbprint)
            #expect(certificate.credentialKind == "password")
            #expect(certificate.userID == enrolled.user.id)
            #expect(certificate.userPrincipalName == enrolled.user.principalName)
            #expect(certificate.source == "dc1")
            #expect(certificate.claims == enrolled.reservation.claims)
            let device = try #require(event.device)
            #expect(device.device == enrolled.device)
            #expect(device.state == .issued)
            #expect(device.name == "DESKTOP-7F3A")
            #expect(device.providerID == "mdm-2")
            #expect(device.ownership == .corporate)
            #expect(device.ownershipRule == "notebooks")
            #expect(device.userID == enrolled.user.id)
            #expect(device.currentSerial == enrolled.serial)
            let record = try #require(try await ledger.device(enrolled.device))
            #expect(record.providerID == "mdm-2")
            #expect(record.ownership == .corporate)
            #expect(record.ownershipRule == "notebooks")
            #expect(try await ledger.candidate(of: enrolled.certificate).device == record)
        }
    }

    @Test(
        "says of each event which server the device had then, and of a certificate that gave way whose it was",
        arguments: Implementation.allCases
    )
    func formerProvider(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let first = try await ledger.enrolled(on: EnrollmentTerms(providerID: "old"))
            _ = try await ledger.hold(LedgerFixture.order(.hold, first.device, at: LedgerFixture.later(5)))
            _ = try await ledger.resume(LedgerFixture.order(.resume, first.device, at: LedgerFixture.later(6)))
            _ = try await ledger.enrolled(
                first.user,
                claims: first.reservation.claims,
                as: first.device,
                on: EnrollmentTerms(providerID: "new"),
                at: LedgerFixture.later(10)
            )
            let due = LedgerFixture.later(3 * LedgerFixture.day)
            #expect(try await ledger.supersede(dueBy: due, limit: 9) == 1)
            _ = try await ledger.hold(LedgerFixture.order(.hold, first.device, at: due))
            let feed = try await ledger.feed()
            #expect(feed.map(\.event.kind) == [.enrolled, .held, .resumed, .enrolled, .superseded, .held])
            #expect(feed.map(\.device?.providerID) == ["old", "old", "old", "new", "old", "new"])
            #expect(try await ledger.device(first.device)?.providerID == "new")
        }
    }

    @Test("tells what came after with who ordered it and what came before", arguments: Implementation.allCases)
    func life(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let now = LedgerFixture.start.adding(days: 306)
            let enrolled = try await ledger.enrolled()
            let renewed = try await ledger.renew(enrolled.certificate, by: enrolled.user, at: now)
            _ = try await ledger.see(renewed, at: now.adding(days: 1))
            let order = LedgerFixture.order(.hold, enrolled.device, at: now.adding(days: 2))
            _ = try await ledger.hold(order)
            let feed = try await ledger.feed()
            #expect(feed.map(\.event.kind) == [.enrolled, .renewed, .superseded, .held])
            #expect(feed.map(\.event.generation) == [1, 2, 3, 4])
            #expect(feed[1].certificate?.serialNumber == renewed.serialNumber)
            #expect(feed[1].certificate?.credentialKind == "certificate")
            #expect(feed[1].certificate?.protection == .hardware)
            #expect(feed[1].predecessor?.serialNumber == enrolled.serial)
            #expect(feed[1].predecessor?.thumbprint == enrolled.certificate.thumbprint)
            #expect(feed[1].sealedAccount == nil)
            #expect(feed[2].certificate?.serialNumber == enrolled.serial)
            #expect(feed[2].act == nil)
            #expect(feed[3].act == order.act)
            #expect(feed[3].certificate?.serialNumber == renewed.serialNumber)
            // The same whenever it is told: but for the device's record, nothing changes any more.
            let again = try await ledger.events(at: [1, 2, 3, 4])
            #expect(again == feed)
        }
    }

    @Test(
        "gives events by their positions, many at once, without those that are gone",
        arguments: Implementation.allCases
    )
    func positions(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            for _ in 0..<70 { _ = try await ledger.enrolled() }
            let feed = try await ledger.feed()
            #expect(feed.count == 70)
            let wanted = Array((Int64(1)...70).reversed().filter { $0 % 2 == 0 }) + [900, 0, -4, 2]
            #expect(try await ledger.events(at: wanted) == feed.filter { $0.position % 2 == 0 })
            #expect(try await ledger.events(at: [Int64(5)]) == [feed[4]])
            #expect(try await ledger.events(at: [Int64(71)]) == [])
            #expect(try await ledger.events(at: [Int64]()) == [])
            #expect(try await ledger.events(at: (Int64(1)...64).map { $0 }) == Array(feed.prefix(64)))
        }
    }

    @Test("shows events that somebody selects, the newest first, page by page", arguments: Implementation.allCases)
    func selection(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            var devices: [Enrolled] = []
            for number in 0..<6 {
                devices.append(try await ledger.enrolled(at: LedgerFixture.later(Int64(number / 2))))
            }
            for seconds in 10..<13 {
                let moment = LedgerFixture.later(Int64(seconds))
                _ = try await ledger.hold(LedgerFixture.order(.hold, devices[1].device, at: moment))
                _ = try await ledger.resume(LedgerFixture.order(.resume, devices[1].device, at: moment))
            }
            let feed = try await ledger.feed()
            _ = try await ledger.enrolled()
            let newest = Array(feed.reversed())
            let selections: [(EventSelection, [FeedEvent])] = [
                (EventSelection(), newest),
                (EventSelection(device: devices[1].device), newest.filter { $0.event.device == devices[1].device }),
                (EventSelection(kinds: [.held, .resumed]), Array(newest.prefix(6))),
                (EventSelection(device: devices[1].device, kinds: [.held]), newest.filter { $0.event.kind == .held }),
                (EventSelection(from: LedgerFixture.later(1), until: LedgerFixture.later(2)), [feed[3], feed[2]]),
                (EventSelection(device: devices[1].device, until: LedgerFixture.later(10)), [feed[1]]),
                (EventSelection(from: LedgerFixture.later(12)), Array(newest.prefix(2))),
                (EventSelection(ids: feed.map(\.event.id)), newest),
                (EventSelection(ids: [feed[2].event.id, DeviceID(random: LedgerFixture.octets(16))]), [feed[2]]),
                (EventSelection(ids: feed.map(\.event.id), kinds: [.held]), newest.filter { $0.event.kind == .held }),
                (EventSelection(ids: feed.map(\.event.id), device: devices[0].device), [feed[0]]),
                (EventSelection(ids: feed.map(\.event.id), from: LedgerFixture.later(12)), Array(newest.prefix(2))),
                (EventSelection(kinds: [.silent]), []),
            ]
            for (selection, expected) in selections {
                for limit in [1, 2, 5, 100] {
                    var found: [FeedEvent] = []
                    var key: String?
                    repeat {
                        let page = try await ledger.events(selection, after: key, limit: limit)
                        #expect(page.elements.count <= limit)
                        found += page.elements
                        key = page.next
                    } while key != nil
                    #expect(found == expected, "\(selection), \(limit) a page")
                }
            }
            await expectCode(.messageFormat) {
                _ = try await ledger.events(EventSelection(), after: "1; DROP", limit: 3)
            }
        }
    }

    @Test("has what is about no device under its subject", arguments: Implementation.allCases)
    func subjects(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let event = HandOffEvent(
                id: DeviceID(random: LedgerFixture.octets(16)),
                kind: .trustPublished,
                device: nil,
                generation: 0,
                serialNumber: nil
            )
            let details = [Fact("issuer", "2027-a"), Fact("thumbprint", "ab")]
            try await ledger.tell(event, subject: "2027-a", details: details, at: LedgerFixture.later(5))
            let told = try #require(try await ledger.feed().first)
            #expect(told.event == event)
            #expect(told.subject == "2027-a")
            #expect(told.details == details)
            #expect(told.recorded == LedgerFixture.later(5))
            #expect(told.device == nil)
            #expect(told.certificate == nil)
        }
    }

    @Test("tells once of an attempt that the limit ended, however it was recorded", arguments: Implementation.allCases)
    func limit(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let user = LedgerFixture.user()
            let refusal = LedgerFixture.limitRefusal(of: user)
            #expect(try await ledger.record(refusal))
            #expect(try await !ledger.record(refusal))
            let late = LedgerFixture.limitRefusal()
            ledger.recordEventually(late)
            ledger.recordEventually(late)
            // A reservation that is released for that reason.
            let reservation = LedgerFixture.reservation(of: user)
            let receipt = try #require(try await ledger.reserve(reservation).receipt)
            var released = reservation.attempt
            released.refuse(
                EnrollmentError(.deviceCapReached, "All slots are filled.", rule: "limit.reached"),
                at: LedgerFixture.later(3)
            )
            try await ledger.release(receipt, keyUse: .none, closing: released)
            var other = LedgerFixture.attempt()
            other.refuse(EnrollmentError(.authentication, "No.", rule: "sign-in.password"), at: LedgerFixture.start)
            #expect(try await ledger.record(other))

            try await PostgresOpeningTests.wait { try await ledger.attempt(late.traceID) != nil }
            let feed = try await ledger.feed()
            #expect(feed.map(\.event.kind) == [.limitRefused, .limitRefused, .limitRefused])
            #expect(Set(feed.map(\.event.id)).count == 3)
            let first = try #require(feed.first { $0.traceID == refusal.traceID })
            #expect(first.subject == user.id)
            #expect(first.attempt == refusal)
            #expect(first.recorded == LedgerFixture.later(1))
            #expect(first.event.device == nil)
            #expect(first.event.generation == 0)
            #expect(feed.contains { $0.traceID == late.traceID && $0.attempt == late })
            #expect(feed.contains { $0.traceID == released.traceID })
        }
    }

    @Test(
        "tells once of a device that enrolled and was not seen, for each time it enrolls",
        arguments: Implementation.allCases
    )
    func silence(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let quiet = try await ledger.enrolled()
            let seen = try await ledger.enrolled()
            _ = try await ledger.see(seen.certificate, at: LedgerFixture.later(30))
            let held = try await ledger.enrolled()
            _ = try await ledger.hold(LedgerFixture.order(.hold, held.device))
            let later = try await ledger.enrolled(at: LedgerFixture.later(60))
            let last = try await ledger.enrolled(at: LedgerFixture.later(120))
            let moment = LedgerFixture.later(120)
            func silent(limit: Int = 100) async throws -> [SilentDevice] {
                var devices: [SilentDevice] = []
                var key: String?
                repeat {
                    let page = try await ledger.silentDevices(issuedBefore: moment, after: key, limit: limit)
                    devices += page.elements
                    key = page.next
                } while key != nil
                return devices
            }
            let before = try await silent()
            #expect(before.map(\.device.device) == [quiet.device, later.device])
            #expect(before.map(\.issued) == [LedgerFixture.start, LedgerFixture.later(60)])
            #expect(before.map(\.isTold) == [false, false])
            #expect(try await silent(limit: 1) == before)
            #expect(try await ledger.tellSilent(issuedBefore: moment, at: moment, limit: 1) == 1)
            #expect(try await silent().map(\.isTold) == [true, false])
            #expect(try await ledger.tellSilent(issuedBefore: moment, at: moment, limit: 9) == 1)
            #expect(try await ledger.tellSilent(issuedBefore: moment, at: moment, limit: 9) == 0)
            let told = try await ledger.feed().filter { $0.event.kind == .silent }
            #expect(told.map(\.event.device) == [quiet.device, later.device])
            #expect(told.map(\.event.generation) == [2, 2])
            #expect(told.first?.certificate?.serialNumber == quiet.serial)
            // Enrolled anew, and silent once more.
            _ = try await ledger.enrolled(
                quiet.user,
                claims: quiet.reservation.claims,
                as: quiet.device,
                at: LedgerFixture.later(200)
            )
            let end = LedgerFixture.later(300)
            #expect(try await ledger.tellSilent(issuedBefore: end, at: end, limit: 9) == 2)
            let again = try await ledger.feed().filter { $0.event.kind == .silent }
            #expect(again.suffix(2).map(\.event.device) == [last.device, quiet.device])
            await expectCode(.messageFormat) {
                _ = try await ledger.silentDevices(issuedBefore: end, after: "1; DROP", limit: 3)
            }
        }
    }
}
