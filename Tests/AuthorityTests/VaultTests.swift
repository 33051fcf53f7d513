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

    @Test("an altered salt or check value is as good as a wrong passphrase")
    func alteredParameters() throws {
        let (_, parameters) = try Vault.create(passphrase: SecretOctets(Self.passphrase))
        for index in [4, 19, 21, parameters.count - 1] {
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
        for (index, value) in [(0, 0), (0, 2), (1, 9), (1, 63), (1, 255), (2, 0), (2, 255), (3, 255)] as [(Int, UInt8)]
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
}
