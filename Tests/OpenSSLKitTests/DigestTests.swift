import OpenSSLKit
import Testing

@Suite("Digest")
struct DigestTests {
    private static let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

    @Test(
        "SHA-256 gives the examples of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Self.long, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        ]
    )
    func sha256(_ text: String, _ digest: String) throws {
        #expect(try Digest.sha256(Array(text.utf8)) == octets(digest))
    }

    @Test(
        "SHA-1 gives the examples of FIPS 180-4",
        arguments: [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Self.long, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        ]
    )
    func sha1(_ text: String, _ digest: String) throws {
        #expect(try Digest.sha1(Array(text.utf8)) == octets(digest))
    }

    @Test(
        "MD5 gives the examples of RFC 1321",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ]
    )
    func md5(_ text: String, _ digest: String) throws {
        #expect(try Digest.md5(Array(text.utf8)) == octets(digest))
    }

    @Test(
        "each digest of a signature scheme gives the example of FIPS 180-4",
        arguments: [
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            ),
            (
                .sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ] as [(SignatureAlgorithm.Digest, String)]
    )
    func schemes(_ algorithm: SignatureAlgorithm.Digest, _ digest: String) throws {
        #expect(try Digest.octets(of: Array("abc".utf8), with: algorithm) == octets(digest))
    }

    @Test("a million octets are digested in one go")
    func million() throws {
        let digest = try Digest.sha256([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(digest == octets("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
    }
}
