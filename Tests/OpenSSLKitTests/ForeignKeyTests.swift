import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing

@Suite("Keys of the openssl command", .timeLimit(.minutes(25)))
struct ForeignKeyTests {
    private static func contents(_ text: String) throws -> [UInt8] {
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("-----BEGIN ") }.dropFirst()
        let body = lines.prefix { !$0.hasPrefix("-----END ") }.joined()
        return Array(try #require(Data(base64Encoded: body)))
    }

    private static func key(_ arguments: String) async throws -> [UInt8] {
        let words = ["genpkey", "-quiet"] + arguments.split(separator: " ").map(String.init)
        return try Self.contents(try await ExternalCommand.run("openssl", words).output)
    }

    @Test(
        "kinds that are offered are taken",
        arguments: [
            ("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", .ecdsaP256),
            ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", .ecdsaP384), ("-algorithm ED25519", .ed25519),
            ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", .rsa(bits: 2_048)),
        ] as [(String, KeyType)]
    )
    func offered(_ arguments: String, _ type: KeyType) async throws {
        let octets = try await Self.key(arguments)
        let key = try SigningKey(privateKeyInfo: SecretOctets(octets))
        #expect(key.type == type)
        #expect(try key.privateKeyInfo().withOctets { Array($0) } == octets)
    }

    @Test(
        "kinds that are not offered are refused",
        arguments: [
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
            "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1", "-algorithm ED448", "-algorithm X25519",
        ]
    )
    func notOffered(_ arguments: String) async throws {
        let octets = try await Self.key(arguments)
        #expect(throws: OpenSSLError.self) { try SigningKey(privateKeyInfo: SecretOctets(octets)) }
    }
}
