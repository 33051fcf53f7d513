import OpenSSLKit
import Testing
import X509Kit

@Suite("Verifying key", .timeLimit(.minutes(25)))
struct VerifyingKeyTests {
    private static let message = Array("Whatever is worth signing".utf8)

    private static func key(_ key: PublicKeyInfo.Key) throws(OpenSSLError) -> VerifyingKey {
        switch key {
        case .rsa(let modulus, let exponent): try VerifyingKey(rsaModulus: modulus, exponent: exponent)
        case .elliptic(.p256, let point): try VerifyingKey(curve: .p256, point: point)
        case .elliptic(.p384, let point): try VerifyingKey(curve: .p384, point: point)
        case .ed25519(let octets): try VerifyingKey(ed25519: octets)
        }
    }

    @Test("a key built of raw numbers checks what the whole key signed", arguments: keyKinds)
    func rawNumbers(_ type: KeyType) throws {
        let signer = try SigningKey.generate(type)
        let verifier = try Self.key(try PublicKeyInfo(der: signer.publicKeyInfo).key)
        let signature = try signer.sign(Self.message)
        #expect(try verifier.verifies(signature, over: Self.message, with: type.signatureAlgorithm))
        #expect(try !verifier.verifies(signature, over: Self.message + [1], with: type.signatureAlgorithm))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("a point off the curve is refused", arguments: [VerifyingKey.Curve.p256, .p384])
    func offCurve(_ curve: VerifyingKey.Curve) throws {
        let signer = try SigningKey.generate(curve == .p256 ? .ecdsaP256 : .ecdsaP384)
        let good = try PublicKeyInfo(der: signer.publicKeyInfo).keyBits
        #expect(throws: Never.self) { try VerifyingKey(curve: curve, point: good) }
        var moved = good
        moved[moved.count - 1] ^= 1
        let width = curve == .p256 ? 64 : 96
        let points: [[UInt8]] = [
            moved, [4] + [UInt8](repeating: 0, count: width), [4] + [UInt8](repeating: 0xff, count: width), [0], [],
            [4], good.dropLast(), good + [0], [5] + good.dropFirst(),
        ]
        for point in points {
            #expect(throws: OpenSSLError.self, "\(point.count) octets, \(point.prefix(1))") {
                try VerifyingKey(curve: curve, point: point)
            }
            #expect(ErrorQueue.leftovers.isEmpty)
        }
    }

    @Test("a point of the other curve is refused")
    func otherCurve() throws {
        let point = try PublicKeyInfo(der: try SigningKey.generate(.ecdsaP384).publicKeyInfo).keyBits
        #expect(throws: OpenSSLError.self) { try VerifyingKey(curve: .p256, point: point) }
    }

    @Test("an Ed25519 key of another length is refused", arguments: [0, 31, 33])
    func edwards(_ count: Int) {
        #expect(throws: OpenSSLError.self) { try VerifyingKey(ed25519: [UInt8](repeating: 1, count: count)) }
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("a decoded key cut off anywhere is refused", arguments: keyKinds)
    func truncation(_ type: KeyType) throws {
        let octets = try SigningKey.generate(type).publicKeyInfo
        for length in octets.indices {
            #expect(throws: OpenSSLError.self) { try VerifyingKey(publicKeyInfo: Array(octets.prefix(length))) }
            #expect(ErrorQueue.leftovers.isEmpty)
        }
    }

    @Test("RFC 8032 § 7.1, test 3, verifies")
    func vector() throws {
        let key = try VerifyingKey(
            ed25519: octets("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
        )
        let signature = octets(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        )
        #expect(try key.verifies(signature, over: [0xaf, 0x82], with: .ed25519))
        #expect(try !key.verifies(signature, over: [0xaf, 0x83], with: .ed25519))
    }

    @Test("a signature of one digest is not one of another", arguments: [SignatureAlgorithm.Digest.sha384, .sha512])
    func digest(_ digest: SignatureAlgorithm.Digest) throws {
        for (type, algorithm) in [
            (.ecdsaP256, .ecdsa(digest)), (.rsa(bits: 2_048), .rsaPKCS1(digest)),
        ] as [(KeyType, SignatureAlgorithm)] {
            let key = try SigningKey.generate(type)
            let signature = try key.sign(Self.message)
            #expect(try !key.verifyingKey().verifies(signature, over: Self.message, with: algorithm))
        }
    }
}
