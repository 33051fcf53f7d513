internal import EnrollmentCore
internal import Testing

extension LedgerUnderTest {
    /// Gives everything its place.
    func placeAll() async throws {
        while try await self.placeEvents(limit: 1_000) > 0 {}
    }

    /// Everything in the feed.
    func feed() async throws -> [FeedEvent] {
        try await self.placeAll()
        return try await self.events(after: 0, kinds: [], limit: 1_000)
    }

    /// Enrolls a device on terms, with what was asked about it.
    func enrolled(
        _ user: DirectoryUser = LedgerFixture.user(),
        claims: DeviceClaims = LedgerFixture.claims(),
        as device: DeviceID? = nil,
        on terms: EnrollmentTerms,
        account: [UInt8] = [7, 7, 7],
        at now: Timestamp = LedgerFixture.start
    ) async throws -> Enrolled {
        let reservation = LedgerFixture.reservation(
            of: user,
            claims: claims,
            device: device,
            prepared: LedgerFixture.leaf(at: now),
            now: now
        )
        let receipt = try #require(try await self.reserve(reservation).receipt)
        let plain = LedgerFixture.confirmation(of: reservation, receipt)
        try await self.confirm(
            Confirmation(
                receipt: receipt,
                certificate: plain.certificate,
                course: .enrollment(sealedAccount: account, terms: terms),
                attempt: plain.attempt,
                eventID: plain.eventID,
                now: now,
                supersedeAfter: plain.supersedeAfter
            )
        )
        return Enrolled(reservation: reservation, certificate: plain.certificate)
    }
}

extension LedgerFixture {
    static let sender = "replica-1"

    static func delivery(
        _ position: Int64,
        of device: DeviceID? = nil,
        _ state: Delivery.State = .waiting,
        attempts: Int = 1,
        nextTry: Timestamp = start,
        isReplay: Bool = false
    ) -> Delivery {
        Delivery(
            position: position,
            device: device,
            state: state,
            attempts: attempts,
            since: Self.start,
            nextTry: nextTry,
            lastError: "It answered 503.",
            isReplay: isReplay
        )
    }

    static func report(
        _ destination: String = "mdm",
        by holder: String = sender,
        cursor: Int64 = 0,
        open: [Delivery] = [],
        settled: [Int64] = [],
        handedOff: [(device: DeviceID, serialNumber: SerialNumber)] = [],
        standing: DeliveryReport.Change = DeliveryReport.Change(),
        at now: Timestamp = start
    ) -> DeliveryReport {
        DeliveryReport(
            destination: destination,
            holder: holder,
            cursor: cursor,
            open: open,
            settled: settled,
            handedOff: handedOff,
            standing: standing,
            now: now
        )
    }

    static func limitRefusal(of user: DirectoryUser = user()) -> Attempt {
        var attempt = Self.attempt()
        attempt.userID = user.id
        attempt.refuse(
            EnrollmentError(.deviceCapReached, "All slots are filled.", rule: "limit.reached"),
            at: Self.start.adding(seconds: 1)
        )
        return attempt
    }
}
