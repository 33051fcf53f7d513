internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, when a step of key rotation is refused")
struct RotationRefusalTests {
    private static let old = LedgerFixture.issuer
    private static let new = "2027-a"

    private static func day(_ number: Int) -> Timestamp { LedgerFixture.start.adding(days: number) }

    @Test("refuses a second issuer on its way, and keeps its intent open", arguments: Implementation.allCases)
    func nextExists(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer(Self.new)
            let (certificate, receipt) = try await ledger.own()
            let other = LedgerFixture.issuer("2027-b", certificate: certificate)
            let act = LedgerFixture.act(.prepareIssuer)
            func refusal(of issuer: IssuerRecord) async -> String? {
                await rule {
                    try await ledger.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
                }
            }
            #expect(await refusal(of: other) == "rotation.next-exists")
            try await ledger.take(.publish, Self.new)
            #expect(await refusal(of: other) == "rotation.next-exists")
            #expect(try await ledger.certificate(certificate.serialNumber)?.state == .intent)
            #expect(try await ledger.act(act.traceID) == nil)
            // Of another role there may be one.
            try await ledger.prepareIssuer("root-2", .root)
            let active = LedgerFixture.issuer("2027-c", .issuing, .active, certificate: certificate)
            #expect(await refusal(of: active) == "rotation.changed")
        }
    }

    @Test("refuses a step that starts from where the issuer is not any more", arguments: Implementation.allCases)
    func changed(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer(Self.new)
            let publication = try await ledger.change(.publish, Self.new)
            try await ledger.carryOut(publication)
            let before = try await ledger.issuers()
            let act = LedgerFixture.act(.publishIssuer)
            #expect(await rule { try await ledger.carryOut(publication, by: act) } == "rotation.changed")
            // The first move of two would be possible.
            let half = RotationChange(
                verb: .activate,
                id: Self.new,
                moves: [
                    RotationChange.Move(id: Self.new, from: .published, to: .active),
                    RotationChange.Move(id: Self.old, from: .draining, to: .crlOnly),
                ]
            )
            await expectCode(.authorization) { try await ledger.carryOut(half, by: act) }
            let hurried = RotationChange(verb: .drain, id: Self.old, moves: [], hurries: true)
            #expect(await rule { try await ledger.carryOut(hurried, by: act) } == "rotation.changed")
            #expect(try await ledger.issuers() == before)
            #expect(try await ledger.act(act.traceID) == nil)
            #expect(try await ledger.feed().count == 1)
        }
    }

    @Test("refuses announcements that are not the change's", arguments: Implementation.allCases)
    func announcements(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            try await ledger.prepareIssuer(Self.new)
            let change = try await ledger.change(.publish, Self.new)
            await expectCode(.internalService) {
                try await ledger.apply(change, announcing: [], by: LedgerFixture.act(.publishIssuer))
            }
            #expect(try await ledger.issuer(Self.new).state == .prepared)
        }
    }

    @Test("takes nothing for granted that hangs on an issuer", arguments: Implementation.allCases)
    func inUse(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let enrolled = try await ledger.enrolled(by: Self.old)
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)
            // As somebody would have it who looked at another moment.
            let idle = KeyRotation(
                standings: try await ledger.rotation(at: Self.day(1)).standings.map {
                    IssuerStanding(issuer: $0.issuer, notAfter: $0.notAfter, liveCertificates: 0, knowingDevices: 0)
                },
                liveDevices: 0,
                adoptionThreshold: 95,
                now: Self.day(1)
            )
            let drained = try #require(idle.drained.first)
            let retirement = try idle.change(.retire, Self.old)
            for change in [drained, retirement] {
                #expect(await rule { try await ledger.carryOut(change, at: Self.day(1)) } == "rotation.in-use")
            }
            // One on hold can come back.
            _ = try await ledger.revoke(LedgerFixture.order([enrolled.serial], .certificateHold))
            #expect(await rule { try await ledger.carryOut(drained, at: Self.day(1)) } == "rotation.in-use")
            #expect(try await ledger.rotation(at: Self.day(1)).drained == [])
            _ = try await ledger.revoke(LedgerFixture.order([enrolled.serial], .cessationOfOperation))
            #expect(try await ledger.rotation(at: Self.day(1)).drained == [drained])
            try await ledger.carryOut(drained, at: Self.day(1))
            #expect(try await ledger.issuer(Self.old).state == .crlOnly)
        }
    }

    @Test("retires no issuer before its last CRLs are out", arguments: Implementation.allCases)
    func lastCRLs(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.foundAuthority()
            let shards = (3...5).map { CRLShard(issuerID: Self.old, number: $0) }
            try await ledger.announce(shards)
            let revoked = try await ledger.enrolled(by: Self.old, shard: 3)
            _ = try await ledger.enrolled(by: Self.old, days: 3, shard: 4)
            try await ledger.prepareIssuer(Self.new)
            try await ledger.take(.publish, Self.new)
            try await ledger.take(.activate, Self.new)
            let now = Self.day(9)
            _ = try await ledger.revoke(LedgerFixture.order([revoked.serial], at: now))
            let retirement = try await ledger.change(.retire, Self.old, at: now)
            let issuer = try await ledger.issuer(Self.old).certificate
            let signed = try await ledger.certificates(CertificateQuery(issuerID: LedgerFixture.root)).elements
            let end = try #require(signed.first { $0.der == issuer }).notAfter
            func refused() async -> Bool {
                await rule { try await ledger.carryOut(retirement, at: now) } == "rotation.last-crl"
            }
            #expect(await refused())
            // One that is too short.
            try await ledger.makeCRL(of: shards[0], at: now)
            try await ledger.makeCRL(of: shards[1], at: end.adding(days: -1))
            #expect(await refused())
            try await ledger.makeCRL(of: shards[0], at: end.adding(days: -1))
            // One that lacks what came after it.
            let late = try await ledger.leftIntent(by: Self.old, shard: 3)
            _ = try await ledger.revoke(LedgerFixture.order([late], at: now))
            #expect(await refused())
            #expect(try await ledger.issuer(Self.old).key != .destroyed)
            try await ledger.makeCRL(of: shards[0], at: end.adding(days: -1))
            // Shard 5 has no CRL, and nobody names it.
            try await ledger.carryOut(retirement, at: now)
            let retired = try await ledger.issuer(Self.old)
            #expect(retired.state == .retired)
            #expect(retired.key == .destroyed)
            #expect(retired.moments.ended == now)
            #expect(try await ledger.feed().last?.event.kind == .trustRetired)
        }
    }
}
