internal import COpenSSL

/// A private key that can sign.
///
/// It leaves this type only as PKCS #8 in ``SecretOctets``, to be sealed.
public final class SigningKey: Sendable {
    public let type: KeyType
    /// SubjectPublicKeyInfo, DER (RFC 5280 § 4.1.2.7).
    public let publicKeyInfo: [UInt8]
    let handle: Handle<KeyObject>

    init(adopting handle: consuming Handle<KeyObject>) throws(OpenSSLError) {
        self.type = try KeyType(of: handle.pointer)
        self.publicKeyInfo = try Self.publicKeyInfo(of: handle.pointer)
        self.handle = handle
    }

    /// Generates a fresh key, which exists only in this process.
    ///
    /// - Throws: ``OpenSSLError`` when the random generator is not seeded or the size is refused.
    public static func generate(_ type: KeyType) throws(OpenSSLError) -> SigningKey {
        ERR_clear_error()
        let pointer =
            switch type {
            case .rsa(let bits): copenssl_rsa_generate(bits)
            case .ecdsaP256: copenssl_ec_generate("P-256")
            case .ecdsaP384: copenssl_ec_generate("P-384")
            case .ed25519: copenssl_ed25519_generate()
            }
        return try SigningKey(adopting: try Handle(adopting: pointer, from: "EVP_PKEY_Q_keygen"))
    }

    /// Decodes a PKCS #8 PrivateKeyInfo (RFC 5208), DER, unencrypted.
    ///
    /// - Throws: ``OpenSSLError`` when it is not one, holds surplus octets, or a kind of key that is not offered.
    public convenience init(privateKeyInfo: borrowing SecretOctets) throws(OpenSSLError) {
        ERR_clear_error()
        var surplus = privateKeyInfo.count
        let pointer = privateKeyInfo.withOctets { octets -> OpaquePointer? in
            let start = octets.bindMemory(to: UInt8.self).baseAddress
            var cursor = start
            let pointer = d2i_AutoPrivateKey(nil, &cursor, octets.count)
            if let start, let cursor { surplus -= start.distance(to: cursor) }
            return pointer
        }
        let handle = try Handle<KeyObject>(adopting: pointer, from: "d2i_AutoPrivateKey")
        guard surplus == 0 else { throw OpenSSLError(during: "d2i_AutoPrivateKey(surplus octets)") }
        try self.init(adopting: handle)
    }

    /// The key as PKCS #8 PrivateKeyInfo, DER.
    public func privateKeyInfo() throws(OpenSSLError) -> SecretOctets {
        ERR_clear_error()
        guard let info = EVP_PKEY2PKCS8(self.handle.pointer) else { throw OpenSSLError(during: "EVP_PKEY2PKCS8") }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        let length = i2d_PKCS8_PRIV_KEY_INFO(info, nil)
        try OpenSSL.check(length, "i2d_PKCS8_PRIV_KEY_INFO")
        return SecretOctets(count: Int(length)) { memory in
            var cursor = memory.bindMemory(to: UInt8.self).baseAddress
            i2d_PKCS8_PRIV_KEY_INFO(info, &cursor)
        }
    }

    /// Signs `message` with the scheme of ``type``; ECDSA as DER (RFC 3279 § 2.2.3).
    public func sign(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let context = try Handle<DigestContextObject>(adopting: EVP_MD_CTX_new(), from: "EVP_MD_CTX_new")
        try OpenSSL.check(
            EVP_DigestSignInit(
                context.pointer,
                nil,
                self.type.signatureAlgorithm.messageDigest,
                nil,
                self.handle.pointer
            ),
            "EVP_DigestSignInit"
        )
        var length = Int(EVP_PKEY_get_size(self.handle.pointer))
        var signature = [UInt8](repeating: 0, count: length)
        try OpenSSL.check(
            EVP_DigestSign(context.pointer, &signature, &length, message, message.count),
            "EVP_DigestSign"
        )
        signature.removeLast(signature.count - length)
        return signature
    }

    /// The public half, to check signatures with.
    public func verifyingKey() throws(OpenSSLError) -> VerifyingKey {
        try VerifyingKey(publicKeyInfo: self.publicKeyInfo)
    }

    private static func publicKeyInfo(of key: OpaquePointer) throws(OpenSSLError) -> [UInt8] {
        let length = i2d_PUBKEY(key, nil)
        try OpenSSL.check(length, "i2d_PUBKEY")
        return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
            var cursor = buffer.baseAddress
            count = Int(i2d_PUBKEY(key, &cursor))
        }
    }
}

extension KeyType {
    init(of key: OpaquePointer) throws(OpenSSLError) {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: self = .rsa(bits: Int(EVP_PKEY_get_bits(key)))
        case EVP_PKEY_ED25519: self = .ed25519
        case EVP_PKEY_EC where EVP_PKEY_get_bits(key) == 256 && Self.curve(of: key) == "prime256v1": self = .ecdsaP256
        case EVP_PKEY_EC where EVP_PKEY_get_bits(key) == 384 && Self.curve(of: key) == "secp384r1": self = .ecdsaP384
        default: throw OpenSSLError(during: "EVP_PKEY_get_base_id(a kind of key that is not offered)")
        }
    }

    private static func curve(of key: OpaquePointer) -> String? {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
        return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
