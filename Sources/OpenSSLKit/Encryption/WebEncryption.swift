internal import COpenSSL

extension RecipientKey {
    /// Encrypts to this key: JSON Web Encryption (RFC 7516) in its compact form, content by AES-256-GCM.
    ///
    /// To an elliptic curve by `ECDH-ES` with an ephemeral key, the agreed key used directly; to RSA by `RSA-OAEP-256`.
    /// The same plaintext gives another text each time.
    ///
    /// - Parameters:
    ///   - plaintext: What only the key's owner may read.
    ///   - contentType: The `cty` of the message, such as `json`; letters, digits and `+-./` only.
    /// - Returns: Five parts in base64url with dots between them.
    /// - Throws: ``OpenSSLError`` when the library refuses.
    public func encrypt(
        _ plaintext: borrowing SecretOctets,
        contentType: String
    ) throws(OpenSSLError) -> String {
        let keyID = Self.quoted(self.keyID)
        let rest = #""enc":"A256GCM","kid":\#(keyID),"cty":\#(Self.quoted(contentType))"#
        let header: String
        let contentKey: SecretOctets
        let wrapped: [UInt8]
        switch self.type {
        case .rsa:
            header = #"{"alg":"RSA-OAEP-256",\#(rest)}"#
            contentKey = SecretOctets(try SystemRandom.octets(32))
            wrapped = try KeyAgreement.wrap(contentKey, to: self.key)
        case .ecdsaP256, .ecdsaP384, .ed25519:
            // Not a `SigningKey`, which encodes its public half: that takes longer than all the rest.
            let ephemeral = try Handle<KeyObject>(
                adopting: copenssl_ec_generate(self.type == .ecdsaP384 ? "P-384" : "P-256"),
                from: "EVP_PKEY_Q_keygen"
            )
            let point = try WebKey.point(of: ephemeral, self.type)
            let members = #""kty":"EC","crv":"\#(point.curve)","x":"\#(point.x)","y":"\#(point.y)""#
            header = #"{"alg":"ECDH-ES",\#(rest),"epk":{\#(members)}}"#
            let agreed = try KeyAgreement.secret(of: ephemeral, with: self.key)
            contentKey = try ConcatenationDerivation.key(from: agreed, algorithm: "A256GCM", length: 32)
            wrapped = []
        }
        let protected = Base64.encodeForURL(Array(header.utf8))
        let nonce = try SystemRandom.octets(WebContent.nonceLength)
        let sealed = try WebContent.seal(plaintext, under: contentKey, nonce: nonce, header: protected)
        return [
            protected, Base64.encodeForURL(wrapped), Base64.encodeForURL(nonce),
            Base64.encodeForURL(sealed.ciphertext), Base64.encodeForURL(sealed.tag),
        ].joined(separator: ".")
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                quoted.unicodeScalars.append("\\")
                quoted.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default:
                quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// AES-256-GCM as JSON Web Encryption uses it (RFC 7518 § 5.3).
enum WebContent {
    static let nonceLength = 12
    private static let tagLength = 16

    /// - Parameters:
    ///   - plaintext: What is encrypted.
    ///   - key: 32 octets.
    ///   - nonce: 12 octets, never used twice with a key.
    ///   - header: The protected header in base64url, authenticated with the content.
    /// - Returns: As many octets as the plaintext, and the tag.
    /// - Throws: ``OpenSSLError`` for a key or nonce of another length, too.
    static func seal(
        _ plaintext: borrowing SecretOctets,
        under key: borrowing SecretOctets,
        nonce: [UInt8],
        header: String
    ) throws(OpenSSLError) -> (ciphertext: [UInt8], tag: [UInt8]) {
        ERR_clear_error()
        guard key.count == 32, nonce.count == Self.nonceLength else {
            throw OpenSSLError(during: "EVP_EncryptInit_ex(a key or nonce of another length)")
        }
        let context = try Handle<CipherContextObject>(adopting: EVP_CIPHER_CTX_new(), from: "EVP_CIPHER_CTX_new")
        let begun = key.withOctets { key in
            EVP_EncryptInit_ex(
                context.pointer,
                EVP_aes_256_gcm(),
                nil,
                key.bindMemory(to: UInt8.self).baseAddress,
                nonce
            )
        }
        try OpenSSL.check(begun, "EVP_EncryptInit_ex")
        var written: CInt = 0
        let authenticated = Array(header.utf8)
        try OpenSSL.check(
            EVP_EncryptUpdate(context.pointer, nil, &written, authenticated, CInt(authenticated.count)),
            "EVP_EncryptUpdate(header)"
        )
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        let encrypted = plaintext.withOctets { plaintext in
            EVP_EncryptUpdate(
                context.pointer,
                &ciphertext,
                &written,
                plaintext.bindMemory(to: UInt8.self).baseAddress,
                CInt(plaintext.count)
            )
        }
        try OpenSSL.check(encrypted, "EVP_EncryptUpdate")
        try OpenSSL.check(EVP_EncryptFinal_ex(context.pointer, nil, &written), "EVP_EncryptFinal_ex")
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        try OpenSSL.check(
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagLength), &tag),
            "EVP_CIPHER_CTX_ctrl"
        )
        return (ciphertext, tag)
    }
}
