import Authority
import EnrollmentCore
import OpenSSLKit
import Testing

@Suite("Vault", .timeLimit(.minutes(25)))
struct VaultTests {
    private static let passphrase = Array("correct horse".utf8)

    private static func rule(_ passphrase: [UInt8], _ parameters: [UInt8]) -> String? {
        let error = #expect(throws: EnrollmentError.self) {
            try Vault(passphrase: SecretOctets(passphrase), parameters: parameters)
        }
        return error?.rule
    }

    @Test("what one process sealed, another opens with passphrase and parameters")
    func roundTrip() throws {
        let (vault, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        let key = try SigningKey.generate(.ecdsaP256)
        let sealed = try vault.seal(key, of: "2026-a")
        let again = try Vault(passphrase: SecretOctets(Self.passphrase), parameters: parameters)
        #expect(try again.open(sealed, of: "2026-a").publicKeyInfo == key.publicKeyInfo)
    }

    @Test(
        "a wrong passphrase is found at once",
        arguments: ["", "correct hors", "correct horse\n", "Correct horse", "correct horse\r"]
    )
    func wrongPassphrase(_ passphrase: String) throws {
        let (_, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        #expect(Self.rule(Array(passphrase.utf8), parameters) == "vault.passphrase")
    }

    @Test("an altered salt or data key is as good as a wrong passphrase")
    func alteredParameters() throws {
        let (_, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        for index in [4, 19, 30, parameters.count - 1] {
            var altered = parameters
            altered[index] ^= 1
            #expect(Self.rule(Self.passphrase, altered) == "vault.passphrase")
        }
    }

    @Test("parameters that are none are told from a wrong passphrase, and cost nothing")
    func malformedParameters() throws {
        let (_, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        for length in 0...4 {
            #expect(Self.rule(Self.passphrase, Array(parameters.prefix(length))) == "vault.parameters")
        }
        #expect(Self.rule(Self.passphrase, Array(parameters.prefix(20))) == "vault.parameters")
        // Version, cost and block size: a cost of 2⁶³ would never end.
        for (index, value) in [(0, 0), (0, 3), (1, 9), (1, 63), (1, 255), (2, 0), (2, 255), (3, 255)] as [(Int, UInt8)]
        {
            var altered = parameters
            altered[index] = value
            #expect(Self.rule(Self.passphrase, altered) == "vault.parameters")
        }
    }

    @Test("a sealed key opens for its owner alone")
    func owner() throws {
        let (vault, _) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        let sealed = try vault.seal(try SigningKey.generate(.ed25519), of: "2026-a")
        for owner in ["2026-b", "", "tls"] {
            let error = #expect(throws: EnrollmentError.self) { try vault.open(sealed, of: owner) }
            #expect(error?.rule == "vault.key")
        }
    }

    @Test("a secret that is no key is not taken for one")
    func noKey() throws {
        let (vault, _) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        let sealed = try vault.seal([1, 2, 3], for: "key/2026-a")
        let error = #expect(throws: EnrollmentError.self) { try vault.open(sealed, of: "2026-a") }
        #expect(error?.rule == "vault.key")
    }

    /// As version 1 of the parameters was written: the derived key is the data key.
    private static func firstVersion() throws -> (parameters: [UInt8], key: SealingKey) {
        let derivation = try SealingKey.Parameters.fresh()
        let key = try SealingKey(passphrase: SecretOctets(Self.passphrase), parameters: derivation)
        let check = try key.seal(SecretOctets([]), for: "vault/check")
        return ([1, derivation.logarithmicCost, derivation.blockSize, 16] + derivation.salt + check, key)
    }

    @Test("a store of the first version opens as before, and its secrets after a new passphrase too")
    func firstVersion() throws {
        let (parameters, key) = try Self.firstVersion()
        let vault = try Vault(passphrase: SecretOctets(Self.passphrase), parameters: parameters)
        let secret = try key.seal(SecretOctets([1, 2, 3]), for: "account/x")
        #expect(try vault.open(secret, for: "account/x").withOctets { Array($0) } == [1, 2, 3])
        #expect(Self.rule(Array("other".utf8), parameters) == "vault.passphrase")
        let renewed = try vault.renewed(passphrase: SecretOctets(Array("battery staple".utf8)))
        let again = try Vault(passphrase: SecretOctets(Array("battery staple".utf8)), parameters: renewed.parameters)
        #expect(try again.open(secret, for: "account/x").withOctets { Array($0) } == [1, 2, 3])
    }

    @Test("after a new passphrase the former one opens nothing, and the former key nothing that is sealed from then on")
    func renewed() throws {
        let (vault, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        let old = try vault.seal(try SigningKey.generate(.ed25519), of: "2026-a")
        let next = Array("battery staple".utf8)
        let renewed = try vault.renewed(passphrase: SecretOctets(next))
        #expect(vault.parameters == parameters)
        #expect(Self.rule(Self.passphrase, renewed.parameters) == "vault.passphrase")
        let moved = try vault.reseal(old, of: "2026-a", by: renewed)
        let reopened = try Vault(passphrase: SecretOctets(next), parameters: renewed.parameters)
        #expect(try reopened.open(moved, of: "2026-a").publicKeyInfo == vault.open(old, of: "2026-a").publicKeyInfo)
        let error = #expect(throws: EnrollmentError.self) { try vault.open(moved, of: "2026-a") }
        #expect(error?.rule == "vault.key")
    }

    @Test("a full ring takes another data key in the place of old ones that nothing needs, and never of the newest")
    func fullRing() throws {
        let passphrase = Self.passphrase
        var (vault, _) = try Vault.create(passphrase: SecretOctets(passphrase))
        var secrets = [try vault.seal([0], for: "account/x")]
        while !vault.isFull {
            vault = try vault.renewed(passphrase: SecretOctets(passphrase))
            secrets.append(try vault.seal([UInt8(secrets.count)], for: "account/x"))
        }
        #expect(secrets.count == 64)
        #expect(vault.age(ofKeyFor: secrets[0], purpose: "account/x") == 0)
        #expect(vault.age(ofKeyFor: secrets[63], purpose: "account/x") == 63)
        #expect(vault.age(ofKeyFor: secrets[63], purpose: "account/y") == nil)
        let full = #expect(throws: EnrollmentError.self) { try vault.renewed(passphrase: SecretOctets(passphrase)) }
        #expect(full?.rule == "vault.ring")

        let next = try vault.renewed(passphrase: SecretOctets(passphrase), without: 62)
        let opened = try Vault(passphrase: SecretOctets(passphrase), parameters: next.parameters)
        #expect(opened.age(ofKeyFor: secrets[61], purpose: "account/x") == nil)
        #expect(try opened.open(secrets[62], for: "account/x").withOctets { Array($0) } == [62])
        #expect(opened.age(ofKeyFor: secrets[63], purpose: "account/x") == 1)
        // What is sealed just now by a service that has not heard of it yet.
        let least = try vault.renewed(passphrase: SecretOctets(passphrase), without: .max)
        #expect(least.age(ofKeyFor: secrets[62], purpose: "account/x") == nil)
        #expect(least.age(ofKeyFor: secrets[63], purpose: "account/x") == 0)
    }

    @Test("what people open takes four times the cost of what a service opens at each start")
    func cost() throws {
        let (vault, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase), cost: .file)
        #expect(parameters[1] == 17)
        #expect(try Vault.create(passphrase: SecretOctets(Self.passphrase)).parameters[1] == 15)
        let sealed = try vault.seal([1], for: "account/x")
        let again = try Vault(passphrase: SecretOctets(Self.passphrase), parameters: parameters)
        #expect(try again.open(sealed, for: "account/x").withOctets { Array($0) } == [1])
    }

    @Test("whoever holds a vault that is opened anew reads what the newest data key sealed")
    func reopened() throws {
        let (vault, _) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        let next = Array("battery staple".utf8)
        let renewed = try vault.renewed(passphrase: SecretOctets(next))
        let sealed = try renewed.seal([7], for: "account/x")
        let error = #expect(throws: EnrollmentError.self) {
            try vault.reopen(passphrase: SecretOctets(Self.passphrase), parameters: renewed.parameters)
        }
        #expect(error?.rule == "vault.passphrase")
        try vault.reopen(passphrase: SecretOctets(next), parameters: renewed.parameters)
        #expect(try vault.open(sealed, for: "account/x").withOctets { Array($0) } == [7])
        #expect(vault.parameters == renewed.parameters)
    }

    @Test("a data key taken out of the ring, or put in another place, is found")
    func ring() throws {
        let (vault, _) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        let parameters = try vault.renewed(passphrase: SecretOctets(Self.passphrase)).parameters
        let head = Array(parameters[..<20])
        let blobs = (0..<2).map { Array(parameters[(21 + $0 * 62)..<(21 + ($0 + 1) * 62)]) }
        #expect(parameters == head + [2] + blobs[0] + blobs[1])
        for ring in [[1] + blobs[0], [1] + blobs[1], [2] + blobs[1] + blobs[0]] {
            #expect(Self.rule(Self.passphrase, head + ring) == "vault.passphrase")
        }
        for ring in [[], [0], [65] + blobs[0], [2] + blobs[0], [1] + blobs[0] + [0]] as [[UInt8]] {
            #expect(Self.rule(Self.passphrase, head + ring) != nil)
        }
    }
}
