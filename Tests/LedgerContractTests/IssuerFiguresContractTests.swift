internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, counting what hangs on issuers")
struct IssuerFiguresContractTests {
    private static let old = LedgerFixture.issuer
    private static let new = "2027-a"
    private static let root = LedgerFixture.root

    private static func day(_ number: Int) -> Timestamp { LedgerFixture.start.adding(days: number) }

    private static func live(_ issuer: String, in ledger: any LedgerUnderTest, at now: Timestamp = day(1)) async throws
        -> Int
    {
        let figures = try await ledger.issuerFigures(at: now)
        return figures.figures[issuer]?.liveCertificates ?? 0
    }

    @Test("is of nobody before there is an authority", arguments: Implementation.allCases)
    func empty(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let figures = try await ledger.issuerFigures(at: Self.day(1))
            #expect(figures.issuers == [])
            #expect(figures.liveDevices == 0)
        }
    }

    @Test("counts what devices hold and what is being made for them", arguments: Implementation.allCases)
    func devices(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            #expect(try await Self.live(Self.old, in: ledger) == 0)
            let first = try await ledger.enrolled(by: Self.old)
            let short = try await ledger.enrolled(by: Self.old, days: 3)
            let open = LedgerFixture.reservation(
                of: LedgerFixture.user(),
                prepared: LedgerFixture.leaf(issuer: Self.old)
            )
            let receipt = try #require(try await ledger.reserve(open).receipt)
            #expect(try await Self.live(Self.old, in: ledger) == 3)
            // To the last second of its validity.
            #expect(try await Self.live(Self.old, in: ledger, at: short.certificate.validity.notAfter) == 3)
            let after = short.certificate.validity.notAfter.adding(seconds: 1)
            #expect(try await Self.live(Self.old, in: ledger, at: after) == 2)
            // An intent that was ended is revoked, whatever came of it.
            try await ledger.release(receipt, keyUse: .possible, closing: LedgerFixture.refusal(of: open))
            #expect(try await Self.live(Self.old, in: ledger) == 2)
            _ = try await ledger.revoke(LedgerFixture.order([short.serial], .certificateHold))
            #expect(try await Self.live(Self.old, in: ledger) == 2)
            _ = try await ledger.revoke(LedgerFixture.order([short.serial], .keyCompromise))
            #expect(try await Self.live(Self.old, in: ledger) == 1)
            // Both, until the device is seen with the new one.
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)
            let renewed = try await ledger.renew(first, by: Self.new, at: Self.day(306))
            #expect(try await Self.live(Self.old, in: ledger, at: Self.day(306)) == 1)
            #expect(try await Self.live(Self.new, in: ledger, at: Self.day(306)) == 1)
            _ = try await ledger.see(renewed, at: Self.day(307))
            #expect(try await Self.live(Self.old, in: ledger, at: Self.day(307)) == 0)
            #expect(try await Self.live(Self.new, in: ledger, at: Self.day(307)) == 1)
        }
    }

    @Test(
        "counts the listener's newest certificate and issuers with a key, and nothing else of the authority's own",
        arguments: Implementation.allCases
    )
    func own(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            // The root's own certificate is nothing that hangs on it.
            #expect(try await Self.live(Self.root, in: ledger) == 1)
            try await ledger.prepareIssuer(Self.new)
            #expect(try await Self.live(Self.root, in: ledger) == 2)
            try await ledger.take(.abort, Self.new)
            #expect(try await Self.live(Self.root, in: ledger) == 1)
            for use in ["tls", "tls", "ocsp/2026-a"] {
                let (certificate, receipt) = try await ledger.own(by: Self.old)
                let record = ServiceCertificateRecord(
                    use: use,
                    serialNumber: certificate.serialNumber,
                    chain: [certificate.der],
                    sealedKey: LedgerFixture.octets(200),
                    notAfter: certificate.validity.notAfter
                )
                try await ledger.confirmService(record, certificate: certificate, receipt: receipt)
            }
            // An intent of the authority's own was given to nobody.
            _ = try await ledger.own(by: Self.old)
            #expect(try await Self.live(Self.old, in: ledger) == 1)
        }
    }

    // MARK: Adoption

    @Test("counts live devices, and those that were seen with what was delivered", arguments: Implementation.allCases)
    func adoption(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            func figures(_ now: Timestamp = Self.day(2)) async throws -> [Int] {
                let figures = try await ledger.issuerFigures(at: now)
                return [
                    figures.liveDevices, figures.figures[Self.root]?.knowingDevices ?? 0,
                    figures.figures[Self.old]?.knowingDevices ?? 0,
                ]
            }
            let seen = try await ledger.enrolled(by: Self.old)
            let other = try await ledger.enrolled(by: Self.old, delivered: [Self.root])
            _ = try await ledger.enrolled(by: Self.old)
            #expect(try await figures() == [3, 0, 0])
            _ = try await ledger.see(seen.certificate, at: Self.day(1))
            _ = try await ledger.see(other.certificate, at: Self.day(1))
            #expect(try await figures() == [3, 2, 1])
            // One that is held still fills its slot.
            _ = try await ledger.hold(LedgerFixture.order(.hold, seen.device, at: Self.day(2)))
            #expect(try await figures() == [3, 2, 1])
            _ = try await ledger.reset(LedgerFixture.order(.reset, seen.device, at: Self.day(2)))
            #expect(try await figures() == [2, 1, 0])
            #expect(try await figures(Self.day(366)) == [0, 0, 0])
        }
    }

    @Test("lists who lacks an authority, those that renew last first, and why", arguments: Implementation.allCases)
    func lacking(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            var lacking: [(device: DeviceID, reason: AdoptionGap.Reason)] = []
            for number in 0..<23 {
                // Devices that know this and that, in no order of their ends.
                let isDelivered = number % 3 == 0
                let enrolled = try await ledger.enrolled(
                    by: Self.old,
                    days: 100 + number * 7 % 23,
                    delivered: isDelivered ? [Self.root, Self.new] : number % 2 == 0 ? [Self.root] : [Self.root, "x"]
                )
                let isSeen = number % 4 != 1
                if isSeen { _ = try await ledger.see(enrolled.certificate, at: Self.day(1)) }
                if isDelivered && isSeen { continue }
                lacking.append((enrolled.device, isDelivered ? .notSeen : .notDelivered))
            }
            _ = try await ledger.enrolled(by: Self.old, days: 1)
            let reset = try await ledger.enrolled(by: Self.old, days: 200)
            _ = try await ledger.reset(LedgerFixture.order(.reset, reset.device, at: Self.day(1)))
            var found: [AdoptionGap] = []
            var next: String?
            repeat {
                let page = try await ledger.devices(lacking: Self.new, at: Self.day(3), after: next, limit: 4)
                #expect(page.elements.count == 4 || page.next == nil)
                found += page.elements
                next = page.next
            } while next != nil
            #expect(found.count == lacking.count)
            for (device, reason) in lacking {
                let gap = try #require(found.first { $0.device.device == device })
                #expect(gap.reason == reason)
                #expect(gap.issuerID == Self.old)
            }
            let ends = found.compactMap(\.device.certificateEnds)
            #expect(ends.count == found.count)
            #expect(ends == ends.sorted(by: >))
            let nobody = try await ledger.devices(lacking: Self.root, at: Self.day(200), after: nil, limit: 4)
            #expect(nobody.elements == [])
            #expect(
                await rule {
                    _ = try await ledger.devices(lacking: Self.new, at: Self.day(3), after: "nonsense", limit: 4)
                } == "query.after"
            )
        }
    }

    @Test(
        "lists each device that holds a certificate of an issuer once, the soonest to end first",
        arguments: Implementation.allCases
    )
    func holding(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            var devices: [Enrolled] = []
            for number in 0..<11 {
                devices.append(try await ledger.enrolled(by: Self.old, days: 330 + number * 5 % 11))
            }
            // Has two of them; counts by the one that ends last.
            _ = try await ledger.renew(devices[3], by: Self.old, at: Self.day(306))
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)
            // Still has the former one beside it.
            _ = try await ledger.renew(devices[4], by: Self.new, at: Self.day(306))
            let gone = try await ledger.renew(devices[5], by: Self.new, at: Self.day(306))
            _ = try await ledger.see(gone, at: Self.day(307))
            _ = try await ledger.enrolled(by: Self.new)
            var expected = (0..<11).filter { $0 != 3 && $0 != 5 }.sorted { $0 * 5 % 11 < $1 * 5 % 11 }.map {
                devices[$0].device
            }
            expected.append(devices[3].device)
            var found: [DeviceRecord] = []
            var next: String?
            repeat {
                let page = try await ledger.devices(holding: Self.old, at: Self.day(308), after: next, limit: 3)
                found += page.elements
                next = page.next
            } while next != nil
            #expect(found.map(\.device) == expected)
            let later = try await ledger.devices(holding: Self.old, at: Self.day(350), after: nil, limit: 30)
            #expect(later.elements.map(\.device) == [devices[3].device])
            #expect(
                await rule {
                    _ = try await ledger.devices(holding: Self.old, at: Self.day(3), after: "1.x", limit: 4)
                } == "query.after"
            )
        }
    }
}
