package import EnrollmentCore
internal import OpenSSLKit

/// Signs messages in the form of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature` over
/// `id.timestamp.body`.
///
/// With every secret and key it is given, so that a receiver that knows the former or the next one can check: this is how
/// they are changed without a gap.
package struct WebhookSigner: Sendable {
    private enum Key: Sendable {
        /// `v1`: HMAC-SHA256.
        case secret(MessageAuthenticationKey)
        /// `v1a`: Ed25519.
        case pair(SigningKey)
    }

    private static let secretLengths = 24...64

    private let keys: [Key]
    /// What receivers check `v1a` signatures with, as `whpk_` and base64, in the order of the keys.
    package let publicKeys: [String]

    /// - Parameters:
    ///   - secrets: `whsec_` and base64 each; shared with the receiver.
    ///   - keys: `whsk_` and base64 each; the receiver has the public half.
    /// - Throws: ``WebhookKeyError``.
    package init(
        secrets: [Redacted<String>],
        keys: [Redacted<String>] = []
    ) throws(WebhookKeyError) {
        var all: [Key] = []
        var publicKeys: [String] = []
        for secret in secrets { all.append(.secret(try Self.secret(secret.reveal()))) }
        for key in keys {
            let pair = try Self.pair(key.reveal())
            all.append(.pair(pair))
            publicKeys.append("whpk_" + Base64.encode(pair.ed25519PublicKey ?? []))
        }
        guard !all.isEmpty else { throw .none }
        self.keys = all
        self.publicKeys = publicKeys
    }

    private static func secret(_ text: String) throws(WebhookKeyError) -> MessageAuthenticationKey {
        guard text.hasPrefix("whsec_"), let octets = Base64.decode(text.dropFirst(6)),
            Self.secretLengths.contains(octets.count)
        else { throw .secret }
        do throws(OpenSSLError) {
            return try MessageAuthenticationKey(SecretOctets(octets))
        } catch {
            throw .library("\(error)")
        }
    }

    private static func pair(_ text: String) throws(WebhookKeyError) -> SigningKey {
        guard text.hasPrefix("whsk_"), let octets = Base64.decode(text.dropFirst(5)),
            octets.count == 32 || octets.count == 64
        else { throw .key }
        let pair: SigningKey
        do throws(OpenSSLError) {
            pair = try SigningKey(ed25519Seed: SecretOctets(Array(octets.prefix(32))))
        } catch {
            throw .library("\(error)")
        }
        guard octets.count == 32 || pair.ed25519PublicKey == Array(octets.suffix(32)) else { throw .contradictoryKey }
        return pair
    }

    /// - Parameters:
    ///   - id: The message's own; a receiver knows a message that comes again by it.
    ///   - now: When it is sent; receivers refuse one that is minutes old.
    ///   - contentType: Of the body.
    ///   - body: What is sent.
    /// - Returns: The message, complete but for its address.
    /// - Throws: `EnrollmentError` with code `internalService` when the cryptographic library refuses.
    package func message(
        _ id: String,
        at now: Timestamp,
        contentType: String = "application/cloudevents+json",
        body: [UInt8]
    ) throws(EnrollmentError) -> WebhookMessage {
        let timestamp = "\(now.seconds)"
        let signature = try self.signature(over: [Array("\(id).\(timestamp).".utf8), body])
        return WebhookMessage(
            headers: [
                .init("content-type", contentType), .init("webhook-id", id), .init("webhook-timestamp", timestamp),
                .init("webhook-signature", signature),
            ],
            body: body
        )
    }

    private func signature(over parts: [[UInt8]]) throws(EnrollmentError) -> String {
        do throws(OpenSSLError) {
            var signatures: [String] = []
            for key in self.keys {
                switch key {
                case .secret(let secret): signatures.append("v1," + Base64.encode(try secret.code(over: parts)))
                case .pair(let pair):
                    signatures.append("v1a," + Base64.encode(try pair.sign(Array(parts.joined()))))
                }
            }
            return signatures.joined(separator: " ")
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no signature for a message: \(error).",
                rule: "handoff.signature",
                cause: error
            )
        }
    }
}
