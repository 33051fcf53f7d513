import OpenSSLKit
import Testing

@Suite("An Ed25519 key by its seed")
struct Ed25519SeedTests {
    /// RFC 8032 § 7.1, tests 1 and 2.
    private static let vectors: [(seed: String, key: String, message: String, signature: String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ]

    @Test("signs as RFC 8032 says", arguments: Self.vectors)
    func vector(seed: String, key: String, message: String, signature: String) throws {
        let signer = try SigningKey(ed25519Seed: SecretOctets(octets(seed)))
        #expect(signer.type == .ed25519)
        #expect(signer.ed25519PublicKey == octets(key))
        #expect(try signer.sign(octets(message)) == octets(signature))
        let verifier = try VerifyingKey(ed25519: octets(key))
        #expect(try verifier.verifies(octets(signature), over: octets(message), with: .ed25519))
        #expect(try !verifier.verifies(octets(signature), over: octets(message) + [0], with: .ed25519))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("is refused with any other length", arguments: [0, 31, 33, 64])
    func wrongLength(count: Int) {
        #expect(throws: OpenSSLError.self) {
            try SigningKey(ed25519Seed: SecretOctets([UInt8](repeating: 1, count: count)))
        }
    }

    @Test("is asked for by no other kind of key")
    func otherKinds() throws {
        #expect(try SigningKey.generate(.ecdsaP256).ed25519PublicKey == nil)
    }
}
