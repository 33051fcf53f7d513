import EnrollmentTestKit
import Testing

@testable import OpenSSLKit

@Suite("Encryption to a recipient", .timeLimit(.minutes(25)))
struct WebEncryptionTests {
    private static let secret = "The true sign of intelligence is not knowledge but imagination."
    private static let bob = (
        x: "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", y: "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"
    )

    /// A point in base64url.
    private static func key(_ point: (x: String, y: String)) throws -> VerifyingKey {
        let x = try #require(Base64.decodeForURL(point.x))
        let y = try #require(Base64.decodeForURL(point.y))
        return try VerifyingKey(curve: .p256, point: [4] + x + y)
    }

    @Test("both sides agree on the secret and the key of RFC 7518 Appendix C")
    func agreement() throws {
        // Alice's ephemeral key, as PKCS #8.
        let alice = try SigningKey(
            privateKeyInfo: SecretOctets(
                octets(
                    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420d3f3716913d4310a0026de741b3f"
                        + "18893afc8114f0c84682ba677e313a13988aa14403420004808d060082c176eed3e776a4ac598cc8672c1779f974ee"
                        + "cc9b03411ca5b9495d48b5bfc527dfce53d6ac7115237d031ccff87a0570b77350a9e503ee7305a69b"
                )
            )
        )
        let secret = try KeyAgreement.secret(of: alice.handle, with: Self.key(Self.bob))
        let agreed = secret.withOctets { Array($0) }
        #expect(
            agreed == [
                158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
                106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
            ]
        )
        let derived = try ConcatenationDerivation.key(
            from: secret,
            algorithm: "A128GCM",
            producer: Array("Alice".utf8),
            consumer: Array("Bob".utf8),
            length: 16
        )
        #expect(Base64.encodeForURL(derived.withOctets { Array($0) }) == "VqqN6vgjbSBcIijNcacQGg")
        let point = try WebKey.point(of: alice.handle, .ecdsaP256)
        #expect(point.x == "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0")
        #expect(point.y == "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps")
    }

    @Test("the content of RFC 7516 Appendix A.1 is encrypted as it says")
    func content() throws {
        let sealed = try WebContent.seal(
            SecretOctets(Array(Self.secret.utf8)),
            under: SecretOctets([
                177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46,
                34,
                105, 47, 130, 203, 46, 122, 234, 64, 252,
            ]),
            nonce: [227, 197, 117, 252, 2, 219, 233, 68, 180, 225, 77, 219],
            header: "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ"
        )
        #expect(
            Base64.encodeForURL(sealed.ciphertext)
                == "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"
        )
        #expect(Base64.encodeForURL(sealed.tag) == "XFBoMYUZodetZdvTiFvSkQ")
    }

    @Test("a key without a name is called by the thumbprint of RFC 7638")
    func thumbprint() throws {
        let modulus =
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
            + "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0"
            + "zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44"
            + "-csFCur-kEgU8awapJzKnqDKgw"
        let key = try VerifyingKey(
            rsaModulus: try #require(Base64.decodeForURL(modulus)),
            exponent: [1, 0, 1]
        )
        #expect(try RecipientKey(key).keyID == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        #expect(try RecipientKey(key, keyID: "mine").keyID == "mine")
        #expect(try RecipientKey(Self.key(Self.bob)).keyID == "Vy57XrArUrW0NbpI12tEzDHABxMwrTh6HHXRenSpnCo")
    }

    @Test("another implementation reads it", .enabled(if: EventReaders.python != nil), arguments: Self.kinds)
    func interoperable(kind: KeyType) async throws {
        let owner = try SigningKey.generate(kind)
        let recipient = try RecipientKey(pem: Self.pem(owner.publicKeyInfo, "PUBLIC KEY"))
        let token = try recipient.encrypt(SecretOctets(Array(Self.secret.utf8)), contentType: "json")
        let privateKey = Self.pem(try owner.privateKeyInfo().withOctets { Array($0) }, "PRIVATE KEY")
        let outcome = try await EventReaders.run(
            """
            import json, sys
            from jwcrypto import jwe, jwk
            key = jwk.JWK.from_pem(sys.stdin.buffer.read())
            token = jwe.JWE()
            token.deserialize(sys.argv[1], key)
            header = json.loads(token.objects["protected"])
            print(header["alg"], header["enc"], header["cty"], header["kid"] == key.thumbprint())
            print(token.payload.decode())
            """,
            [token],
            input: privateKey
        )
        #expect(outcome.status == 0)
        let algorithm = if case .rsa = kind { "RSA-OAEP-256" } else { "ECDH-ES" }
        #expect(outcome.output == "\(algorithm) A256GCM json True\n\(Self.secret)\n")
    }

    private static let kinds: [KeyType] = [.ecdsaP256, .ecdsaP384, .rsa(bits: 2_048), .rsa(bits: 3_072)]

    private static func pem(_ der: [UInt8], _ label: String) -> String {
        let body = Base64.encode(der)
        let lines = stride(from: 0, to: body.count, by: 64).map { String(body.dropFirst($0).prefix(64)) }
        return (["-----BEGIN \(label)-----"] + lines + ["-----END \(label)-----", ""]).joined(separator: "\n")
    }

    @Test("nothing of the secret is to be seen in it, and no two are the same", arguments: Self.kinds)
    func fresh(kind: KeyType) throws {
        let recipient = try RecipientKey(try SigningKey.generate(kind).verifyingKey())
        let tokens = try (0..<5).map { _ in
            try recipient.encrypt(SecretOctets(Array(Self.secret.utf8)), contentType: "json")
        }
        #expect(Set(tokens).count == tokens.count)
        for part in 0..<5 {
            let parts = tokens.map { $0.split(separator: ".", omittingEmptySubsequences: false)[part] }
            let isAgreed = if case .rsa = kind { false } else { true }
            // The header of RSA says nothing new; the wrapped key of an agreed one is empty.
            let isConstant = isAgreed ? part == 1 : part == 0
            #expect(Set(parts).count == (isConstant ? 1 : 5), "part \(part)")
        }
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("a name is written so that the header stays what it is")
    func hostileName() throws {
        let recipient = try RecipientKey(try Self.key(Self.bob), keyID: "a\",\"alg\":\"none\\\u{1}")
        let token = try recipient.encrypt(SecretOctets([1]), contentType: "json")
        let header = try #require(Base64.decodeForURL(token.prefix { $0 != "." }))
        #expect(
            String(decoding: header, as: UTF8.self)
                .contains(#""kid":"a\",\"alg\":\"none\\\u0001","cty":"json""#)
        )
    }

    @Test("keys that are too short, of other kinds, or none at all are refused")
    func refused() throws {
        #expect(throws: RecipientKey.ReadingError.self) {
            try RecipientKey(try SigningKey.generate(.rsa(bits: 1_024)).verifyingKey())
        }
        #expect(throws: RecipientKey.ReadingError.self) {
            try RecipientKey(try SigningKey.generate(.ed25519).verifyingKey())
        }
        #expect(throws: RecipientKey.ReadingError.noKey) { try RecipientKey(pem: "no key at all") }
        #expect(throws: RecipientKey.ReadingError.noKey) {
            try RecipientKey(pem: "-----BEGIN PUBLIC KEY-----\nZg=\n-----END PUBLIC KEY-----\n")
        }
        #expect(throws: RecipientKey.ReadingError.self) {
            try RecipientKey(pem: "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n")
        }
        #expect(ErrorQueue.leftovers.isEmpty)
    }
}
