internal import EnrollmentCore
internal import Ledger
internal import Testing

extension QueryPlanTests {
    /// Every way of writing to the feed, and of what was delivered.
    static func useHandOff(_ ledger: any LedgerUnderTest) async throws {
        let enrolled = try await ledger.enrolled()
        _ = try await ledger.record(LedgerFixture.limitRefusal())
        let event = HandOffEvent(
            id: DeviceID(random: LedgerFixture.octets(16)),
            kind: .trustActivated,
            device: nil,
            generation: 0,
            serialNumber: nil
        )
        try await ledger.tell(event, subject: "2027-a", details: [], at: LedgerFixture.start)
        _ = try await ledger.tellSilent(issuedBefore: LedgerFixture.later(9), at: LedgerFixture.later(9), limit: 9)
        #expect(try await ledger.placeEvents(limit: 1_000) > 0)
        for name in ["mdm", "gone"] {
            _ = try await ledger.destination(name)
            #expect(try await ledger.takeDestination(name, holder: LedgerFixture.sender, for: 60))
        }
        let last = try await ledger.feedExtent().last
        let report = LedgerFixture.report(
            cursor: last,
            open: [LedgerFixture.delivery(last - 1, of: enrolled.device)],
            settled: [last],
            handedOff: [(enrolled.device, enrolled.serial)],
            standing: DeliveryReport.Change(state: .stopped)
        )
        #expect(try await ledger.record(report))
        for selection in self.selections(enrolled.device, event.id) {
            _ = try await ledger.replay(selection, to: "mdm", by: LedgerFixture.act(.replay))
        }
        #expect(try await ledger.resume(destination: "mdm", by: LedgerFixture.act(.resumeDestination)))
        #expect(try await ledger.pruneEvents(recordedBefore: LedgerFixture.later(9), deliveredTo: [], limit: 3) == 3)
        let token = APIToken(
            id: "01ABCDEFGHJK",
            digest: LedgerFixture.octets(32),
            name: "mdm",
            owner: "platform team",
            scopes: [.readEvents],
            created: LedgerFixture.start,
            expires: LedgerFixture.start.adding(days: 90)
        )
        try await ledger.insert(token, by: LedgerFixture.act(.createToken))
        try await ledger.touchToken(token.id, at: LedgerFixture.start)
        _ = try await ledger.revokeToken(token.id, by: LedgerFixture.act(.revokeToken))
        try await ledger.leaveDestination("gone", holder: LedgerFixture.sender)
    }

    private static func selections(_ device: DeviceID, _ event: DeviceID) -> [EventSelection] {
        [
            EventSelection(), EventSelection(ids: [event]), EventSelection(device: device),
            EventSelection(kinds: [.held], from: LedgerFixture.start, until: LedgerFixture.later(5)),
        ]
    }

    /// Every question about that.
    static func askForHandOff(_ ledger: any LedgerUnderTest, _ reservation: Reservation) async throws {
        let device = reservation.device
        let now = LedgerFixture.later(9)
        _ = try await ledger.placeEvents(limit: 1)
        _ = try await ledger.events(after: 0, kinds: [.limitRefused], limit: 5)
        _ = try await ledger.events(at: [1, 2, 3])
        for selection in self.selections(device, device) {
            _ = try await ledger.events(selection, after: nil, limit: 5)
        }
        _ = try await ledger.feedExtent()
        _ = try await ledger.destination("mdm")
        _ = try await ledger.destinations()
        _ = try await ledger.deliveries(to: "mdm", dueBy: now, limit: 5)
        for state in Delivery.State.allCases {
            _ = try await ledger.deliveries(to: "mdm", in: state, after: nil, limit: 5)
        }
        _ = try await ledger.deliveryCounts(to: "mdm")
        _ = try await ledger.blocked([device], at: "mdm")
        _ = try await ledger.silentDevices(issuedBefore: now, after: nil, limit: 5)
        _ = try await ledger.identity(thumbprint: LedgerFixture.octets(32))
        _ = try await ledger.staleIdentities(afterChange: 0, afterEvent: 0, limit: 5)
        _ = try await ledger.newestIdentityChange()
        _ = try await ledger.tokens(after: nil, limit: 5)
        _ = try await ledger.validTokens(at: now)
    }
}
