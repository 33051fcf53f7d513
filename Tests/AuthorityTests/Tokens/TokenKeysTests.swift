import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Synchronization
import Testing
import X509Kit

@Suite("Issuers' keys on tokens", .timeLimit(.minutes(25)))
struct TokenKeysTests {
    private static func place(_ soft: SoftToken, pin: String? = nil, sessions: Int = 4) throws -> TokenPlace {
        let octets = Array((pin ?? soft.pin).utf8)
        return TokenPlace(
            name: "hsm",
            module: try SoftHSM.shared().module,
            label: soft.label,
            sessions: sessions,
            seconds: 60
        ) { () throws(EnrollmentError) in Redacted(octets) }
    }

    private static func founding(_ type: KeyType = .ecdsaP256) async throws -> (Founding, SoftToken) {
        let soft = try await SoftHSM.shared().makeToken()
        let tokens = TokenKeys([try Self.place(soft)])
        let plan = try Founding.plan(root: type, issuer: type)
        return (try await Founding(plan, tokens: tokens, on: "hsm"), soft)
    }

    private static func rule(_ body: () async throws -> Void) async -> String? {
        let error = await #expect(throws: EnrollmentError.self) { try await body() }
        return error?.rule
    }

    @Test(
        "an authority whose keys are on a token certifies devices, many at once",
        arguments: [KeyType.ecdsaP256, .ecdsaP384, .rsa(bits: 2_048), .ed25519]
    )
    func certifies(_ type: KeyType) async throws {
        let (founding, _) = try await Self.founding(type)
        for record in try await founding.ledger.issuers() {
            #expect(record.key.place == "token")
            #expect(record.key.isAtHand)
        }
        let key = try Founding.proven()
        let issued = try await withThrowingTaskGroup(of: IssuedCertificate.self) { group in
            for _ in 0..<40 { group.addTask { try await founding.issue(try founding.draft(key)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let issuer = try VerifyingKey(publicKeyInfo: try Certificate(der: founding.result.issuer.der).publicKeyInfo)
        #expect(Set(issued.map(\.serialNumber)).count == 40)
        for certificate in issued {
            let read = try Certificate(der: certificate.der)
            #expect(try issuer.verifies(read.signature, over: read.toBeSigned, with: type.signatureAlgorithm))
        }
    }

    @Test("a key is used only when it is the one that the issuer's certificate is for")
    func mismatch() async throws {
        let (founding, _) = try await Self.founding()
        let records = try await founding.ledger.issuers()
        let issuer = try #require(records.first { $0.role == .issuing })
        let root = try #require(records.first { $0.role == .root })
        let confused = issuer.with(key: root.key)
        #expect(await Self.rule { _ = try founding.tokens.key(of: confused) } == "issuer.key-matches")
        let lost = issuer.with(key: .token(uri: "pkcs11:token=elsewhere;object=a;id=%01"))
        #expect(await Self.rule { _ = try founding.tokens.key(of: lost) } == "token.unknown")
        for nonsense in [KeyLocation.token(uri: "pkcs11:object=a"), .sealed([1])] {
            #expect(
                await Self.rule { _ = try founding.tokens.key(of: issuer.with(key: nonsense)) }
                    == "issuer.key-elsewhere"
            )
        }
    }

    @Test("closed tokens are asked nothing more, and none is opened any more")
    func closed() async throws {
        let (founding, _) = try await Self.founding()
        let issuer = try #require(try await founding.ledger.issuers().first { $0.role == .issuing })
        let key = try founding.tokens.key(of: issuer)
        _ = try await key.sign([1])
        #expect(await founding.tokens.close() == [])
        #expect(await Self.rule { _ = try await key.sign([1]) } == "token.away")
        #expect(await Self.rule { _ = try await founding.tokens.survey("hsm", for: []) } == "token.closed")
        #expect(await founding.tokens.close() == [])
        let unused = TokenKeys([try Self.place(try await SoftHSM.shared().makeToken())])
        #expect(await unused.close() == [])
    }

    @Test("while the token is away nothing is recorded, and a fresh start waits for it, too")
    func away() async throws {
        let (founding, soft) = try await Self.founding()
        let key = try Founding.proven()
        let prepared = try await founding.authority.prepare(try founding.draft(key))
        try soft.pullOut()
        let receipt = try await founding.ledger.recordIntent(prepared, at: StoppedClock().now)
        // The first to notice has its intent already.
        let unsigned = try await Self.sign(prepared, receipt, by: founding.authority)
        #expect(unsigned?.rule == "token.away")
        for _ in 0..<3 {
            let error = await #expect(throws: EnrollmentError.self) {
                _ = try await founding.authority.prepare(try founding.draft(key))
            }
            #expect(error?.rule == "token.away")
            #expect(error?.code == .inMaintenance)
        }
        #expect(founding.tokens.reach.map(\.name) == ["hsm"])
        #expect(founding.tokens.reach.allSatisfy { $0.trouble != nil })

        // Another process, which begins while it is away.
        let lost = Mutex<[TokenReach]>([])
        let tokens = TokenKeys([try Self.place(soft)]) { reach in lost.withLock { $0.append(reach) } }
        let later = try LocalAuthority(
            records: try await founding.ledger.issuers(),
            keys: KeyRing(vault: founding.vault, tokens: tokens)
        )
        #expect(lost.withLock { $0.count } == 1)
        #expect(await Self.rule { _ = try await later.prepare(try founding.draft(key)) } == "token.away")

        try soft.putBack()
        for authority in [founding.authority, later] {
            let end = ContinuousClock.now + .seconds(120)
            while let error = try await Self.issue(key, in: founding, by: authority) {
                #expect(error.code == .inMaintenance)
                try #require(ContinuousClock.now < end, "the token is back, and nobody signs")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(lost.withLock { $0.map { $0.trouble == nil } } == [false, true])
    }

    /// What is in the place of the token that the keys were made on.
    enum Impostor: String, CaseIterable {
        case otherPIN = "token.pin"
        case withoutKey = "token.keyMissing"
        case otherKey = "issuer.key-matches"
    }

    @Test(
        "a token in the place of ours costs one signature, and then nothing is recorded",
        arguments: Impostor.allCases
    )
    func impostor(_ impostor: Impostor) async throws {
        let (founding, soft) = try await Self.founding()
        let records = try await founding.ledger.issuers()
        let issuer = try #require(records.first { $0.role == .issuing })
        let key = try Founding.proven()
        let prepared = try await founding.authority.prepare(try founding.draft(key))
        let receipt = try await founding.ledger.recordIntent(prepared, at: StoppedClock().now)
        try soft.pullOut()
        let pin = impostor == .otherPIN ? "00000000" : soft.pin
        let other = try await SoftHSM.shared().makeToken(label: soft.label, pin: pin)
        if impostor == .otherKey {
            let tokens = TokenKeys([try Self.place(other)])
            let maker = try TokenKeyMaker("hsm", of: tokens, random: try FixedOctets(idOf: issuer))
            let (_, location) = try await maker.make(.ecdsaP256, for: issuer.id)
            #expect(location == issuer.key)
            #expect(await tokens.close() == [])
        }
        #expect(founding.tokens.troubles(of: records).isEmpty)
        // Of what was prepared before: the first to notice.
        let first = try await Self.sign(prepared, receipt, by: founding.authority)
        #expect(first != nil)
        let end = ContinuousClock.now + .seconds(120)
        var rules: [String] = []
        while rules.count(where: { $0 == impostor.rawValue }) < 3 {
            try #require(ContinuousClock.now < end, "\(rules.suffix(3))")
            let error = await #expect(throws: EnrollmentError.self) {
                _ = try await founding.authority.prepare(try founding.draft(key))
            }
            rules.append(try #require(error?.rule))
            try await Task.sleep(for: .milliseconds(400))
        }
        #expect(Set(rules).subtracting([impostor.rawValue, "token.away"]).isEmpty)
        #expect(founding.tokens.troubles(of: records).map(\.issuer.id) == [issuer.id])
        guard impostor != .otherPIN else {
            #expect(founding.tokens.reach.map { $0.trouble != nil } == [true])
            #expect(founding.tokens.reach.map { $0.remedy != nil } == [true])
            return
        }
        try other.pullOut()
        try soft.putBack()
        while let error = try await Self.issue(key, in: founding, by: founding.authority) {
            try #require(ContinuousClock.now < end, "ours is back, and nobody signs: \(error)")
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(founding.tokens.troubles(of: records).isEmpty)
    }

    /// Gives the id of an issuer's key, so that another is made under the same name.
    private struct FixedOctets: RandomSource {
        private let id: [UInt8]

        init(idOf issuer: IssuerRecord) throws {
            let uri = if case .token(let uri) = issuer.key { uri } else { "" }
            let range = try #require(uri.firstRange(of: ";id="))
            let text = uri[range.upperBound...].prefix { $0 != ";" && $0 != "?" }
            self.id = text.split(separator: "%").compactMap { UInt8($0, radix: 16) }
        }

        func octets(_ count: Int) -> [UInt8] { Array(self.id.prefix(count)) }
    }

    @Test("a wrong PIN and a missing module keep a service from starting")
    func unusable() async throws {
        let (founding, soft) = try await Self.founding()
        let issuer = try #require(try await founding.ledger.issuers().last)
        let elsewhere = TokenPlace(name: "hsm", module: "/nowhere.so", label: soft.label, sessions: 1, seconds: 5) {
            () throws(EnrollmentError) in Redacted([])
        }
        #expect(await Self.rule { _ = try TokenKeys([elsewhere]).key(of: issuer) } == "token.module")
        let fresh = try await SoftHSM.shared().makeToken()
        let wrong = TokenKeys([try Self.place(fresh, pin: "00000000")])
        let error = await #expect(throws: EnrollmentError.self) {
            _ = try await wrong.survey("hsm", for: [])
        }
        #expect(error?.rule == "token.pin")
        #expect(error?.code == .internalService)
        #expect(error?.detail.contains("00000000") == false)
    }

    @Test("the key of an issuer that is over is destroyed, no other, and doing it again finishes what broke off")
    func destruction() async throws {
        let (founding, _) = try await Self.founding()
        let records = try await founding.ledger.issuers()
        let issuer = try #require(records.first { $0.role == .issuing })
        #expect(await Self.rule { try await founding.tokens.destroyKey(of: issuer) } == "token.key-in-use")
        let maker = try TokenKeyMaker("hsm", of: founding.tokens, random: OpenSSLRandomSource())
        // Prepared and taken back: the key is gone, and that it is gone is no error.
        let (_, spare) = try await maker.make(.ecdsaP256, for: "2026-b")
        #expect(try await founding.tokens.survey("hsm", for: records).leftovers.count == 1)
        for _ in 0..<2 { try await maker.destroy(spare, of: "2026-b") }
        let survey = try await founding.tokens.survey("hsm", for: records)
        #expect(survey.leftovers.isEmpty)
        #expect(survey.issuers.sorted() == ["2026-a", "root-2026"])

        // The store says that it is over, and the process ended before the token heard of it.
        let over = issuer.with(state: .retired).with(key: .destroyed)
        #expect(try await founding.tokens.survey("hsm", for: [over]).leftovers.count == 2)
        #expect(try await founding.tokens.destroyKey(of: over) == ["hsm"])
        #expect(try await founding.tokens.destroyKey(of: over).isEmpty)
        let sealed = SealedKeyMaker(vault: founding.vault, tokens: founding.tokens)
        try await sealed.destroyKey(of: over)
        #expect(try await founding.tokens.survey("hsm", for: records).issuers == ["root-2026"])
    }

    /// Goes the whole way of a certificate.
    ///
    /// - Returns: What was in the way; `nil` for a certificate.
    private static func issue(
        _ key: ProvenRequest,
        in founding: Founding,
        by authority: LocalAuthority
    ) async throws -> EnrollmentError? {
        let draft = try founding.draft(key)
        let prepared: PreparedCertificate
        do {
            prepared = try await authority.prepare(draft)
        } catch {
            return error
        }
        let receipt = try await founding.ledger.recordIntent(prepared, at: StoppedClock().now)
        return try await self.sign(prepared, receipt, by: authority)
    }

    private static func sign(
        _ prepared: PreparedCertificate,
        _ receipt: IntentReceipt,
        by authority: LocalAuthority
    ) async throws -> EnrollmentError? {
        do {
            _ = try await authority.sign(try IssuanceTicket(for: prepared, recordedAs: receipt))
            return nil
        } catch {
            return error
        }
    }
}

extension IssuerRecord {
    fileprivate func with(state: State? = nil, key: KeyLocation? = nil) -> IssuerRecord {
        IssuerRecord(
            id: self.id,
            role: self.role,
            state: state ?? self.state,
            signedBy: self.signedBy,
            certificate: self.certificate,
            key: key ?? self.key,
            created: self.created
        )
    }
}
