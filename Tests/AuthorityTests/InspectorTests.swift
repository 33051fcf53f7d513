import Authority
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing
import X509Kit

@Suite("Certification request inspector", .timeLimit(.minutes(25)))
struct InspectorTests {
    private static func rule(_ octets: [UInt8]) -> String? {
        let error = #expect(throws: EnrollmentError.self) { try CertificationRequestInspector().inspect(octets) }
        #expect(error?.code == .certificateRequest)
        return error?.rule
    }

    @Test(
        "a request that its own key signed is believed, and contributes that key alone",
        arguments: [
            (.ecdsaP256, .ecdsaP256), (.ecdsaP384, .ecdsaP384), (.ed25519, .ed25519),
            (.rsa(bits: 2_048), .rsa(bits: 2_048)), (.rsa(bits: 3_072), .rsa(bits: 3_072)),
        ] as [(KeyType, KeyAlgorithm)]
    )
    func good(_ type: KeyType, _ algorithm: KeyAlgorithm) throws {
        let key = try SigningKey.generate(type)
        let proven = try CertificationRequestInspector().inspect(try ForgedRequest(for: key).signed(by: key).der)
        #expect(proven == ProvenRequest(publicKeyInfo: key.publicKeyInfo, algorithm: algorithm))
    }

    @Test(
        "requests of the openssl command are believed with each digest",
        arguments: ["-sha256", "-sha384", "-sha512"],
        ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"]
    )
    func foreign(_ digest: String, _ key: String) async throws {
        let made = try await ExternalCommand.run(
            "openssl",
            ["req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=a!b", digest, "-newkey"]
                + key.split(separator: " ").map(String.init)
        )
        let lines = made.output.split(separator: "\n").drop { !$0.hasPrefix("-----BEGIN ") }.dropFirst()
        let body = lines.prefix { !$0.hasPrefix("-----END ") }.joined()
        let der = Array(try #require(Data(base64Encoded: body)))
        #expect(try CertificationRequestInspector().inspect(der).publicKeyInfo.count > 60)
    }

    @Test("a request of another key's signature is not believed", arguments: [KeyType.ecdsaP256, .ed25519])
    func otherKey(_ type: KeyType) throws {
        let request = ForgedRequest(for: try SigningKey.generate(type))
        let signed = try request.signed(by: try SigningKey.generate(type))
        #expect(Self.rule(signed.der) == "request.proof-of-possession")
    }

    @Test("a request that was changed after it was signed is not believed")
    func changed() throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let good = try ForgedRequest(for: key).signed(by: key)
        let changes: [Deviation<ForgedRequest>] = [
            Deviation("subject") { $0.subject = .sequence([]) }, Deviation("attributes") { $0.attributes = nil },
            Deviation("signature") { $0.signature = .bitString([]) },
            Deviation("zero signature") {
                let zero = DERElement.sequence([.integer([0]), .integer([0])])
                $0.signature = .bitString(zero.octets)
            },
        ]
        for change in changes {
            #expect(Self.rule(change.applied(to: good).der) == "request.proof-of-possession", "\(change)")
        }
        var swapped = good
        swapped.publicKeyInfo = DERElement(try SigningKey.generate(.ecdsaP256).publicKeyInfo)
        #expect(Self.rule(swapped.der) == "request.proof-of-possession")
    }

    @Test("a scheme that does not go with the key is not believed")
    func scheme() throws {
        let key = try SigningKey.generate(.ecdsaP256)
        for type in [.rsa(bits: 2_048), .ed25519, .ecdsaP384] as [KeyType] {
            var request = ForgedRequest(for: key)
            request.algorithm = ForgedRequest.algorithm(of: type)
            #expect(Self.rule(try request.signed(by: key).der) == "request.proof-of-possession")
        }
    }

    @Test("a request beyond 16 384 octets is not even read")
    func length() throws {
        #expect(Self.rule([UInt8](repeating: 0x30, count: 16_385)) == "request.too-long")
        #expect(Self.rule([UInt8](repeating: 0x30, count: 16_384)) == "request.malformed")
        #expect(Self.rule([]) == "request.malformed")
    }

    @Test("each octet of a request may be changed: it is refused by a rule, or contributes what it says")
    func mutations() throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let good = try ForgedRequest(for: key).signed(by: key).der
        for index in good.indices {
            var octets = good
            octets[index] ^= 0x04
            #expect(Self.rule(octets) != nil)
        }
    }

    @Test("what a refusal says of itself holds nothing of the request")
    func secrecy() throws {
        let error = #expect(throws: EnrollmentError.self) {
            try CertificationRequestInspector().inspect(Array("hunter2 hunter2".utf8))
        }
        #expect(!String(reflecting: try #require(error)).contains("hunter2"))
    }
}
