internal import COpenSSL

/// A key for HMAC-SHA256 (RFC 2104).
public final class MessageAuthenticationKey: Sendable {
    /// Made once with the key in it: fetching the method and hashing the key again for each message would take longer
    /// than the message.
    private let prototype: Handle<AuthenticationContextObject>

    /// - Throws: ``OpenSSLError`` for an empty key, too.
    public init(_ secret: borrowing SecretOctets) throws(OpenSSLError) {
        ERR_clear_error()
        guard secret.count > 0 else { throw OpenSSLError(during: "EVP_MAC_init(an empty key)") }
        let method = try OpenSSL.unwrap(EVP_MAC_fetch(nil, "HMAC", nil), "EVP_MAC_fetch")
        // The context keeps a reference of its own.
        defer { EVP_MAC_free(method) }
        self.prototype = try Handle(adopting: EVP_MAC_CTX_new(method), from: "EVP_MAC_CTX_new")
        let status = secret.withOctets { secret in
            copenssl_mac_begin(self.prototype.pointer, secret.bindMemory(to: UInt8.self).baseAddress, secret.count)
        }
        try OpenSSL.check(status, "EVP_MAC_init")
    }

    /// The code over these octets one after the other, 32 octets.
    public func code(over parts: [[UInt8]]) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let context = try Handle<AuthenticationContextObject>(
            adopting: EVP_MAC_CTX_dup(self.prototype.pointer),
            from: "EVP_MAC_CTX_dup"
        )
        for part in parts {
            try OpenSSL.check(EVP_MAC_update(context.pointer, part, part.count), "EVP_MAC_update")
        }
        var code = [UInt8](repeating: 0, count: 32)
        var length = 0
        try OpenSSL.check(EVP_MAC_final(context.pointer, &code, &length, code.count), "EVP_MAC_final")
        return code
    }

    /// Whether `code` is the one over these octets; takes as long for a wrong one as for a right one.
    public func authenticates(_ code: [UInt8], over parts: [[UInt8]]) throws(OpenSSLError) -> Bool {
        ConstantTime.equal(code, try self.code(over: parts))
    }
}

/// Comparisons that do not tell by their duration where two values differ.
public enum ConstantTime {
    /// Whether both are the same; only a difference in length is told by the time it takes.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}

/// Duplicating one only reads it, which the library allows to many threads.
private enum AuthenticationContextObject: SharableForeignObject {
    static func release(_ pointer: OpaquePointer) { EVP_MAC_CTX_free(pointer) }
}
