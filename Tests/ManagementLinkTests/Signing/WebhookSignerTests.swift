import EnrollmentCore
import EnrollmentTestKit
import Glibc
import ManagementLink
import OpenSSLKit
import Testing

@Suite("A signed message")
struct WebhookSignerTests {
    private static let seed = [UInt8](repeating: 7, count: 32)
    private static let now = Timestamp(microseconds: 1_614_265_330_700_000)

    private static func secret(_ octet: UInt8, count: Int = 32) -> Redacted<String> {
        Redacted("whsec_" + Base64.encode([UInt8](repeating: octet, count: count)))
    }

    private static func header(_ name: String, of message: WebhookMessage) -> String? {
        message.headers.first { $0.name == name }?.value
    }

    private static func refusal(
        secrets: [Redacted<String>] = [],
        keys: [Redacted<String>] = []
    ) -> WebhookKeyError? {
        do throws(WebhookKeyError) {
            _ = try WebhookSigner(secrets: secrets, keys: keys)
            return nil
        } catch {
            return error
        }
    }

    @Test("is signed as the example of Standard Webhooks is")
    func published() throws {
        let signer = try WebhookSigner(secrets: [Redacted("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
        let message = try signer.message(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: Self.now,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(Self.header("webhook-signature", of: message) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(Self.header("webhook-timestamp", of: message) == "1614265330")
        #expect(Self.header("webhook-id", of: message) == "msg_p5jXN8AQM9LWM0D4loKWxJek")
        #expect(Self.header("content-type", of: message) == "application/cloudevents+json")
    }

    @Test("carries a signature of every secret and key, in their order")
    func several() throws {
        let signer = try WebhookSigner(
            secrets: [Self.secret(1), Self.secret(2)],
            keys: [Redacted("whsk_" + Base64.encode(Self.seed))]
        )
        let message = try signer.message("m", at: Self.now, body: Array("{}".utf8))
        let signatures = try #require(Self.header("webhook-signature", of: message)).split(separator: " ")
        #expect(signatures.map { $0.prefix { $0 != "," } } == ["v1", "v1", "v1a"])
        let first = try WebhookSigner(secrets: [Self.secret(1)]).message("m", at: Self.now, body: Array("{}".utf8))
        let second = try WebhookSigner(secrets: [Self.secret(2)]).message("m", at: Self.now, body: Array("{}".utf8))
        #expect(Self.header("webhook-signature", of: first) == String(signatures[0]))
        #expect(Self.header("webhook-signature", of: second) == String(signatures[1]))

        let publicKey = try #require(signer.publicKeys.first)
        #expect(signer.publicKeys.count == 1)
        let octets = try #require(Base64.decode(publicKey.dropFirst(5)))
        #expect(publicKey.hasPrefix("whpk_"))
        let signature = try #require(Base64.decode(signatures[2].dropFirst(4)))
        #expect(
            try VerifyingKey(ed25519: octets).verifies(signature, over: Array("m.1614265330.{}".utf8), with: .ed25519)
        )
    }

    @Test("covers id, time and body")
    func covers() throws {
        let signer = try WebhookSigner(secrets: [Self.secret(1)], keys: [Redacted("whsk_" + Base64.encode(Self.seed))])
        let variants = [
            try signer.message("m", at: Self.now, body: [1]), try signer.message("n", at: Self.now, body: [1]),
            try signer.message("m", at: Self.now.adding(seconds: 1), body: [1]),
            try signer.message("m", at: Self.now, body: [2]),
        ].compactMap { Self.header("webhook-signature", of: $0) }
        for part in 0...1 {
            #expect(Set(variants.map { $0.split(separator: " ")[part] }).count == variants.count)
        }
    }

    @Test(
        "is verified by others' libraries, by each of several secrets",
        .enabled(if: EventReaders.python != nil),
        arguments: [0, 1]
    )
    func otherReaders(index: Int) async throws {
        let secrets = [Self.secret(1), Self.secret(2, count: 64)]
        let signer = try WebhookSigner(secrets: secrets, keys: [Redacted("whsk_" + Base64.encode(Self.seed))])
        let body = try ExampleEvents.body().octets(of: ExampleEvents.event(.enrolled))
        let message = try signer.message("\(ExampleEvents.device)", at: Self.present(), body: body)
        let values = ["webhook-id", "webhook-timestamp", "webhook-signature"].compactMap {
            Self.header($0, of: message)
        }
        let outcome = try await EventReaders.run(
            """
            import base64, sys
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
            from standardwebhooks import Webhook, WebhookVerificationError
            secret, key, *values = sys.argv[1:]
            headers = dict(zip(("webhook-id", "webhook-timestamp", "webhook-signature"), values))
            body = sys.stdin.buffer.read()
            print(Webhook(secret).verify(body, headers)["type"])
            try:
                Webhook(secret).verify(body.replace(b"kim", b"sam"), headers)
            except WebhookVerificationError:
                print("altered")
            signature = [s for s in values[2].split() if s.startswith("v1a,")][0][4:]
            signed = f"{values[0]}.{values[1]}.".encode() + body
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key[5:]))
            public.verify(base64.b64decode(signature), signed)
            print("v1a")
            """,
            [secrets[index].reveal(), try #require(signer.publicKeys.first)] + values,
            input: String(decoding: body, as: UTF8.self)
        )
        #expect(outcome.output == "gatehouse.device.enrolled\naltered\nv1a\n")
    }

    /// Libraries compare with the machine's clock.
    private static func present() -> Timestamp {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return Timestamp(seconds: Int64(moment.tv_sec))
    }

    @Test("a key may come with its public half, which has to be its own")
    func longKey() throws {
        let pair = try SigningKey(ed25519Seed: SecretOctets(Self.seed))
        let own = Self.seed + (try #require(pair.ed25519PublicKey))
        #expect(Self.refusal(keys: [Redacted("whsk_" + Base64.encode(own))]) == nil)
        let other = Self.seed + [UInt8](repeating: 1, count: 32)
        #expect(Self.refusal(keys: [Redacted("whsk_" + Base64.encode(other))]) == .contradictoryKey)
    }

    @Test(
        "no secret of another form or length is taken",
        arguments: [
            "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_" + Base64.encode([UInt8](repeating: 1, count: 23)),
            "whsec_" + Base64.encode([UInt8](repeating: 1, count: 65)), "whsec_not base64", "whsk_AAAA",
        ]
    )
    func wrongSecret(text: String) {
        #expect(Self.refusal(secrets: [Redacted(text)]) == .secret)
    }

    @Test("no key of another form or length is taken, and nothing is signed with nothing")
    func wrongKey() {
        for text in ["", "whsk_", "whsk_AAAA", "whsec_" + Base64.encode(Self.seed), "whsk_?"] {
            #expect(Self.refusal(keys: [Redacted(text)]) == .key)
        }
        #expect(Self.refusal() == WebhookKeyError.none)
    }

    @Test("no error shows any of it")
    func secretive() {
        let text = "whsec_" + Base64.encode([UInt8](repeating: 0x55, count: 23))
        let error = Self.refusal(secrets: [Redacted(text)])
        #expect(!"\(String(describing: error)) \(String(reflecting: error))".contains(text.suffix(8)))
    }
}
