import OpenSSLKit
import Testing
import X509Kit

@Suite("Signing key", .timeLimit(.minutes(25)))
struct SigningKeyTests {
    private static let message = Array("Whatever is worth signing".utf8)

    @Test("a generated key is of the kind asked for, and its public half reads so", arguments: keyKinds)
    func generation(_ type: KeyType) throws {
        let key = try SigningKey.generate(type)
        #expect(key.type == type)
        let info = try PublicKeyInfo(der: key.publicKeyInfo)
        let isOfType =
            switch (info.key, type) {
            case (.rsa(let modulus, let exponent), .rsa(let bits)):
                modulus.count * 8 == bits && modulus[0] >= 0x80 && exponent == [1, 0, 1]
            case (.elliptic(.p256, _), .ecdsaP256), (.elliptic(.p384, _), .ecdsaP384), (.ed25519, .ed25519): true
            default: false
            }
        #expect(isOfType)
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("two generated keys differ", arguments: keyKinds)
    func freshness(_ type: KeyType) throws {
        #expect(try SigningKey.generate(type).publicKeyInfo != SigningKey.generate(type).publicKeyInfo)
    }

    @Test("its signature verifies with its own key alone", arguments: keyKinds)
    func signature(_ type: KeyType) throws {
        let key = try SigningKey.generate(type)
        let signature = try key.sign(Self.message)
        let algorithm = type.signatureAlgorithm
        #expect(try key.verifyingKey().verifies(signature, over: Self.message, with: algorithm))
        let other = try SigningKey.generate(type).verifyingKey()
        #expect(try !other.verifies(signature, over: Self.message, with: algorithm))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("an altered message, an altered signature and a signature cut off are wrong", arguments: keyKinds)
    func tampering(_ type: KeyType) throws {
        let key = try SigningKey.generate(type)
        let verifier = try key.verifyingKey()
        let algorithm = type.signatureAlgorithm
        let signature = try key.sign(Self.message)
        #expect(try !verifier.verifies(signature, over: Self.message + [0], with: algorithm))
        #expect(try !verifier.verifies(signature, over: Self.message.dropLast(), with: algorithm))
        for index in signature.indices {
            var altered = signature
            altered[index] ^= 0x01
            #expect(try !verifier.verifies(altered, over: Self.message, with: algorithm))
        }
        for length in [0, 1, signature.count - 1] {
            #expect(try !verifier.verifies(Array(signature.prefix(length)), over: Self.message, with: algorithm))
        }
        #expect(try !verifier.verifies(signature + [0], over: Self.message, with: algorithm))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("an empty message and a long one can be signed", arguments: keyKinds, [0, 1_000_000])
    func length(_ type: KeyType, _ count: Int) throws {
        let key = try SigningKey.generate(type)
        let message = [UInt8](repeating: 0x5a, count: count)
        #expect(try key.verifyingKey().verifies(key.sign(message), over: message, with: type.signatureAlgorithm))
    }

    @Test("as PKCS #8 and back it is the same key", arguments: keyKinds)
    func roundTrip(_ type: KeyType) throws {
        let key = try SigningKey.generate(type)
        let copy = try SigningKey(privateKeyInfo: key.privateKeyInfo())
        #expect(copy.type == type)
        #expect(copy.publicKeyInfo == key.publicKeyInfo)
        let signature = try copy.sign(Self.message)
        #expect(try key.verifyingKey().verifies(signature, over: Self.message, with: type.signatureAlgorithm))
    }

    @Test("PKCS #8 cut off anywhere is refused, and the library's complaints are taken along", arguments: keyKinds)
    func truncation(_ type: KeyType) throws {
        let octets = try SigningKey.generate(type).privateKeyInfo().withOctets { Array($0) }
        for length in octets.indices {
            #expect(throws: OpenSSLError.self) {
                try SigningKey(privateKeyInfo: SecretOctets(Array(octets.prefix(length))))
            }
            #expect(ErrorQueue.leftovers.isEmpty)
        }
    }

    @Test("octets after PKCS #8 are refused", arguments: keyKinds)
    func surplus(_ type: KeyType) throws {
        let octets = try SigningKey.generate(type).privateKeyInfo().withOctets { Array($0) }
        let error = #expect(throws: OpenSSLError.self) {
            try SigningKey(privateKeyInfo: SecretOctets(octets + [0]))
        }
        #expect(error?.operation == "d2i_AutoPrivateKey(surplus octets)")
    }

    @Test("an RSA size the library does not make is an error, not an end", arguments: [0, 1, 100])
    func size(_ bits: Int) {
        #expect(throws: OpenSSLError.self) { try SigningKey.generate(.rsa(bits: bits)) }
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("keys that take long to sign with are told from the others")
    func slowness() {
        let all: [KeyType] = [
            .ecdsaP256, .ed25519, .rsa(bits: 2_048), .ecdsaP384, .rsa(bits: 3_072), .rsa(bits: 4_096),
        ]
        #expect(all.map(\.isSlowToSign) == [false, false, false, true, true, true])
    }
}
