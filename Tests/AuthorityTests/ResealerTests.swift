import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("Sealing keys anew", .timeLimit(.minutes(25)))
struct ResealerTests {
    private static func act() throws -> AdministrativeAct { try CeremonyScene.act(.reseal) }

    /// A founded place whose store has the parameters of a vault of its own.
    private static func place() async throws -> (InMemoryLedger, Vault) {
        let ledger = InMemoryLedger()
        let (vault, parameters) = try Vault.create(passphrase: SecretOctets(Array("former".utf8)))
        let founder = AuthorityFounder(
            ledger: ledger,
            vault: vault,
            clock: StoppedClock(),
            random: OpenSSLRandomSource()
        )
        _ = try await founder.found(try Founding.plan())
        try await ledger.storeSealingParameters(parameters)
        return (ledger, vault)
    }

    @Test("with a new passphrase every key opens, and the former opens nothing")
    func passphrase() async throws {
        let (ledger, vault) = try await Self.place()
        let secret = try vault.seal([1, 2], for: "account/x")
        let resealer = Resealer(try await ledger.sealedKeys(), vault: vault)
        let (change, _) = try resealer.plan(passphrase: SecretOctets(Array("next".utf8)))
        try await ledger.reseal(change, act: try Self.act())
        let parameters = try #require(try await ledger.sealingParameters())
        let next = try Vault(passphrase: SecretOctets(Array("next".utf8)), parameters: parameters)
        let issuers = try await ledger.issuers()
        for issuer in issuers { _ = try next.key(of: issuer) }
        _ = try LocalAuthority(records: issuers, keys: next)
        let service = try #require(try await ledger.serviceCertificate(for: "tls"))
        _ = try next.open(service.sealedKey, of: "tls")
        #expect(try next.open(secret, for: "account/x").withOctets { Array($0) } == [1, 2])
        #expect(throws: EnrollmentError.self) {
            try Vault(passphrase: SecretOctets(Array("former".utf8)), parameters: parameters)
        }
        // Whoever has the former data keys, from a copy of the store, reads nothing that is sealed from now on.
        #expect(throws: EnrollmentError.self) { try vault.key(of: issuers[0]) }
    }

    @Test("a plan that another change overtook does nothing")
    func overtaken() async throws {
        let (ledger, vault) = try await Self.place()
        let keys = try await ledger.sealedKeys()
        let (first, _) = try Resealer(keys, vault: vault).plan(passphrase: SecretOctets([1]))
        let (second, _) = try Resealer(keys, vault: vault).plan(passphrase: SecretOctets([2]))
        try await ledger.reseal(first, act: try Self.act())
        await #expect(throws: EnrollmentError.self) { try await ledger.reseal(second, act: try Self.act()) }
        #expect(throws: EnrollmentError.self) {
            try Resealer(try .init(first, keys), vault: vault).plan(passphrase: SecretOctets([3]))
        }
    }

    @Test("a root's key is split among people and joined again; an issuing authority's is not")
    func split() async throws {
        let (ledger, vault) = try await Self.place()
        let resealer = Resealer(try await ledger.sealedKeys(), vault: vault)
        #expect(throws: EnrollmentError.self) { try resealer.split("2026-a", threshold: 2, count: 3) }
        #expect(throws: EnrollmentError.self) { try resealer.split("nobody", threshold: 2, count: 3) }
        let (change, shares) = try resealer.split("root-2026", threshold: 2, count: 3)
        try await ledger.reseal(change, act: try Self.act())
        let issuers = try await ledger.issuers()
        #expect(issuers[0].key.place == "split")
        #expect(throws: EnrollmentError.self) { try vault.key(of: issuers[0]) }
        let opened = try OpenedKeys(vault, shares: [shares[2], shares[1]], issuers: issuers)
        #expect(opened.isAtHand(issuers[0]))
        let key = try opened.key(of: issuers[0])
        #expect(try await !key.sign([1]).isEmpty)
        #expect(throws: EnrollmentError.self) { try OpenedKeys(vault, shares: [shares[0]], issuers: issuers) }
        #expect(throws: EnrollmentError.self) { try OpenedKeys(vault, shares: shares, issuers: []) }
        let again = Resealer(try await ledger.sealedKeys(), vault: vault)
        #expect(throws: EnrollmentError.self) { try again.join("root-2026", shares: [shares[0]]) }
        try await ledger.reseal(try again.join("root-2026", shares: shares), act: try Self.act())
        let joined = try await ledger.issuers()
        #expect(try vault.key(of: joined[0]).publicKeyInfo == key.publicKeyInfo)
    }

    @Test("CRLs of a split root are made by whoever brings its shares, and by nobody else")
    func lists() async throws {
        let (ledger, vault) = try await Self.place()
        let resealer = Resealer(try await ledger.sealedKeys(), vault: vault)
        let (change, shares) = try resealer.split("root-2026", threshold: 2, count: 2)
        try await ledger.reseal(change, act: try Self.act())
        let closed = IssuerKeys(ledger: ledger, keys: vault)
        try await closed.refresh()
        #expect(closed.issuers.map(\.id) == ["2026-a"])
        let source = try OpenedKeys(vault, shares: shares, issuers: try await ledger.issuers())
        let opened = IssuerKeys(ledger: ledger, keys: source)
        try await opened.refresh()
        #expect(opened.issuers.map(\.id) == ["root-2026", "2026-a"])
    }
}

extension SealedKeys {
    /// As they were, under the parameters that a change brought.
    fileprivate init(_ change: Resealing, _ keys: SealedKeys) throws {
        self.init(
            parameters: change.parameters?.next,
            issuers: keys.issuers,
            services: keys.services,
            ceremonies: keys.ceremonies
        )
    }
}
