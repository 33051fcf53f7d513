internal import EnrollmentCore
internal import Testing

@Suite("Every ledger, keeping sealed keys and ceremonies")
struct SealingContractTests {
    private static let issuer = "2026-a"

    private static func certificate(for prepared: PreparedCertificate) -> IssuedCertificate {
        IssuedCertificate(
            serialNumber: prepared.draft.serialNumber,
            issuerID: prepared.draft.issuerID,
            der: prepared.toBeSigned,
            thumbprint: LedgerFixture.octets(32),
            windowsThumbprint: LedgerFixture.octets(20),
            validity: prepared.draft.validity
        )
    }

    /// An issuer, two listeners' certificates of which the newer counts, parameters, and a ceremony.
    private static func fill(_ ledger: any LedgerUnderTest) async throws -> SealedKeys {
        let prepared = LedgerFixture.prepared()
        let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
        let record = IssuerRecord(
            id: Self.issuer,
            role: .issuing,
            state: .active,
            signedBy: "root",
            certificate: LedgerFixture.octets(500),
            key: .sealed([1, 1]),
            created: LedgerFixture.start
        )
        try await ledger.confirmIssuer(record, certificate: Self.certificate(for: prepared), receipt: receipt)
        for number in UInt8(1)...2 { try await Self.addService([2, number], to: ledger) }
        try await ledger.storeSealingParameters([9])
        try await ledger.openCeremony(Self.ceremony("C1"), act: LedgerFixture.act(.prepareIssuer))
        return try await ledger.sealedKeys()
    }

    private static func addService(_ key: [UInt8], to ledger: any LedgerUnderTest) async throws {
        let prepared = LedgerFixture.prepared()
        let receipt = try await ledger.recordIntent(prepared, at: LedgerFixture.start)
        let service = ServiceCertificateRecord(
            use: "tls",
            serialNumber: receipt.serialNumber,
            chain: [],
            sealedKey: key,
            notAfter: prepared.draft.validity.notAfter
        )
        try await ledger.confirmService(service, certificate: Self.certificate(for: prepared), receipt: receipt)
    }

    private static func ceremony(_ id: String, _ issuer: String = "2027-a") -> CeremonyRecord {
        CeremonyRecord(
            id: id,
            kind: .issuing,
            issuerID: issuer,
            request: [7, 7, 7],
            key: .sealed([3]),
            created: LedgerFixture.start
        )
    }

    /// Everything anew: each key gets a zero at its end.
    private static func renewal(of keys: SealedKeys) -> Resealing {
        var change = Resealing(parameters: .init(from: keys.parameters ?? [], to: [9, 0]), facts: [Fact("a", "b")])
        for issuer in keys.issuers {
            change.issuers[issuer.id] = .init(from: issuer.key, to: .sealed(issuer.key.octets + [0]))
        }
        for service in keys.services {
            change.services[service.serialNumber] = .init(from: service.sealedKey, to: service.sealedKey + [0])
        }
        for ceremony in keys.ceremonies {
            change.ceremonies[ceremony.id] = .init(from: ceremony.key, to: .sealed(ceremony.key.octets + [0]))
        }
        return change
    }

    private static func expectRefusal(_ ledger: any LedgerUnderTest, _ change: Resealing) async throws {
        let before = try await ledger.sealedKeys()
        let act = LedgerFixture.act(.reseal)
        do {
            try await ledger.reseal(change, act: act)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.rule == "sealing.changed")
        }
        #expect(try await ledger.sealedKeys() == before)
        #expect(try await ledger.act(act.traceID) == nil)
    }

    @Test("lists the keys that count, with what opens them", arguments: Implementation.allCases)
    func lists(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            #expect(try await ledger.sealedKeys().parameters == nil)
            let keys = try await Self.fill(ledger)
            #expect(keys.parameters == [9])
            #expect(keys.issuers.map(\.key) == [.sealed([1, 1])])
            #expect(keys.services.map(\.sealedKey) == [[2, 2]])
            #expect(keys.ceremonies == [Self.ceremony("C1")])
        }
    }

    @Test("seals everything anew at once, and records the act", arguments: Implementation.allCases)
    func reseals(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let keys = try await Self.fill(ledger)
            let act = LedgerFixture.act(.reseal)
            try await ledger.reseal(Self.renewal(of: keys), act: act)
            let after = try await ledger.sealedKeys()
            #expect(after.parameters == [9, 0])
            #expect(after.issuers.map(\.key) == [.sealed([1, 1, 0])])
            #expect(after.services.map(\.sealedKey) == [[2, 2, 0]])
            #expect(after.ceremonies.map(\.key) == [.sealed([3, 0])])
            #expect(try await ledger.sealingParameters() == [9, 0])
            #expect(try await ledger.issuers().map(\.key) == [.sealed([1, 1, 0])])
            #expect(try await ledger.serviceCertificate(for: "tls")?.sealedKey == [2, 2, 0])
            #expect(try await ledger.act(act.traceID)?.facts == [Fact("a", "b")])
        }
    }

    @Test("changes nothing when any key is another by now", arguments: Implementation.allCases)
    func changed(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let keys = try await Self.fill(ledger)
            var wrong = Self.renewal(of: keys)
            wrong.parameters = .init(from: [8], to: [9, 0])
            try await Self.expectRefusal(ledger, wrong)
            wrong = Self.renewal(of: keys)
            wrong.issuers[Self.issuer] = .init(from: .sealed([1, 2]), to: .sealed([5]))
            try await Self.expectRefusal(ledger, wrong)
            wrong = Self.renewal(of: keys)
            wrong.ceremonies["C1"] = .init(from: .sealed([4]), to: .sealed([5]))
            try await Self.expectRefusal(ledger, wrong)
            wrong = Self.renewal(of: keys)
            for serial in wrong.services.keys { wrong.services[serial] = .init(from: [8], to: [5]) }
            try await Self.expectRefusal(ledger, wrong)
        }
    }

    @Test("changes nothing when a key was added meanwhile, or left out", arguments: Implementation.allCases)
    func added(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let keys = try await Self.fill(ledger)
            for part in 0..<3 {
                var partial = Self.renewal(of: keys)
                switch part {
                case 0: partial.issuers = [:]
                case 1: partial.services = [:]
                default: partial.ceremonies = [:]
                }
                try await Self.expectRefusal(ledger, partial)
            }
            try await Self.addService([2, 3], to: ledger)
            try await Self.expectRefusal(ledger, Self.renewal(of: keys))
        }
    }

    @Test("moves one issuer's key without touching the parameters", arguments: Implementation.allCases)
    func moves(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            _ = try await Self.fill(ledger)
            let change = Resealing(issuers: [Self.issuer: .init(from: .sealed([1, 1]), to: .split([6]))])
            try await ledger.reseal(change, act: LedgerFixture.act(.reseal))
            #expect(try await ledger.issuers().map(\.key) == [.split([6])])
            #expect(try await ledger.sealingParameters() == [9])
            try await Self.expectRefusal(ledger, change)
        }
    }

    @Test("keeps one open ceremony of a kind for an issuer", arguments: Implementation.allCases)
    func oneCeremony(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            let act = LedgerFixture.act(.prepareIssuer)
            try await ledger.openCeremony(Self.ceremony("C1"), act: act)
            #expect(try await ledger.act(act.traceID)?.facts.first == Fact("ceremony", "C1"))
            await expectCode(.authorization) {
                try await ledger.openCeremony(Self.ceremony("C2"), act: LedgerFixture.act(.prepareIssuer))
            }
            try await ledger.openCeremony(Self.ceremony("C3", "2028-a"), act: LedgerFixture.act(.prepareIssuer))
            #expect(try await ledger.ceremonies().map(\.id) == ["C1", "C3"])
        }
    }

    @Test("ends a ceremony once, and wipes its key", arguments: Implementation.allCases)
    func closes(implementation: Implementation) async throws {
        try await implementation.withLedger { (ledger) async throws -> Void in
            try await ledger.openCeremony(Self.ceremony("C1"), act: LedgerFixture.act(.prepareIssuer))
            let (act, again) = (LedgerFixture.act(.importCeremony), LedgerFixture.act(.abortIssuer))
            #expect(try await ledger.closeCeremony("C1", as: .imported, act: act))
            #expect(try await !ledger.closeCeremony("C1", as: .withdrawn, act: again))
            let record = try #require(try await ledger.ceremonies().first)
            #expect(record.state == .imported)
            #expect(record.key == .destroyed)
            #expect(record.ended == act.time)
            #expect(try await ledger.act(act.traceID) != nil)
            #expect(try await ledger.act(again.traceID) == nil)
            #expect(try await ledger.sealedKeys().ceremonies.isEmpty)
            try await ledger.openCeremony(Self.ceremony("C2"), act: LedgerFixture.act(.prepareIssuer))
            await expectCode(.internalService) {
                _ = try await ledger.closeCeremony("C9", as: .withdrawn, act: LedgerFixture.act(.abortIssuer))
            }
        }
    }
}
