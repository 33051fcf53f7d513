import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing

@testable import ManagementLink

@Suite("A receiver's key")
struct ReceiverKeyTests {
    private static let curve = (
        x: "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", y: "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"
    )
    private static let thumbprint = "Vy57XrArUrW0NbpI12tEzDHABxMwrTh6HHXRenSpnCo"

    private static func web(_ more: String = "", curve: String = "P-256") -> String {
        #"{"kty":"EC","crv":"\#(curve)","x":"\#(Self.curve.x)","y":"\#(Self.curve.y)"\#(more)}"#
    }

    private static func outcome(_ text: String) -> Result<String, ReceiverKey.ReadingError> {
        Result { () throws(ReceiverKey.ReadingError) in try ReceiverKey.read(Array(text.utf8)).keyID }
    }

    private static func pem(_ der: [UInt8], _ label: String) -> String {
        "-----BEGIN \(label)-----\n\(Base64.encode(der))\n-----END \(label)-----\n"
    }

    @Test("is read from a JSON Web Key, a set of them, or PEM")
    func forms() throws {
        #expect(Self.outcome(Self.web()) == .success(Self.thumbprint))
        #expect(Self.outcome(Self.web(#","kid":"k1","use":"enc","alg":"ECDH-ES""#)) == .success("k1"))
        let set = #" {"keys":[{"kty":"OKP","crv":"X25519","x":"AA"},\#(Self.web(#","use":"sig""#)),\#(Self.web())]}"#
        #expect(Self.outcome(set) == .success(Self.thumbprint))
        for kind: KeyType in [.rsa(bits: 2_048), .ecdsaP256, .ecdsaP384] {
            let key = try SigningKey.generate(kind)
            let expected = try RecipientKey(key.verifyingKey()).keyID
            #expect(Self.outcome("# ours\r\n" + Self.pem(key.publicKeyInfo, "PUBLIC KEY")) == .success(expected))
        }
    }

    @Test("is read from a certificate")
    func certificate() async throws {
        let made = try await ExternalCommand.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", "/CN=mdm",
                "-keyout", "/dev/null",
            ]
        )
        let certificate = try #require(made.output.range(of: "-----BEGIN CERTIFICATE-----")).lowerBound
        let keyID = try Self.outcome(String(made.output[certificate...])).get()
        #expect(keyID.utf8.count == 43)
    }

    @Test(
        "is refused with the reason",
        arguments: [
            ("", "neither"), ("hello", "neither"), ("{", "cannot be read"), ("{}", "kty"),
            (Self.web(#","d":"AA""#), "private"), (#"{"kty":"oct","k":"AA"}"#, "private"),
            ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "private"),
            (Self.web(#","use":"sig""#), "use"), (Self.web(#","alg":"ECDH-ES+A256KW""#), "ECDH-ES"),
            (Self.web(curve: "P-521"), "curve"), (Self.web(curve: "P-384"), "size"),
            (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "size"),
            (#"{"kty":"EC","crv":"P-256","x":"\#(Self.curve.x)","y":"\#(Self.curve.x)"}"#, "not valid"),
            (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "too short"), (#"{"kty":"RSA","n":"+","e":"AQAB"}"#, "base64url"),
            (#"{"keys":[]}"#, "no keys"), (#"{"keys":[{"kty":"OKP"}]}"#, "kty"), (Self.web() + "x", "cannot be read"),
        ]
    )
    func refused(text: String, reason: String) throws {
        guard case .failure(let error) = Self.outcome(text) else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(error.description.contains(reason))
    }
}
