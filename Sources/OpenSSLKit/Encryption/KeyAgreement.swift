internal import COpenSSL

/// Elliptic-curve Diffie-Hellman (SEC 1 § 3.3.1).
enum KeyAgreement {
    /// What the private key and the other side's public key, of the same curve, give: the x coordinate.
    ///
    /// Whoever calls vouches for the public key: ``require(_:)``.
    static func secret(
        of key: borrowing Handle<KeyObject>,
        with peer: VerifyingKey
    ) throws(OpenSSLError) -> SecretOctets {
        ERR_clear_error()
        let context = try Handle<KeyContextObject>(
            adopting: EVP_PKEY_CTX_new(key.pointer, nil),
            from: "EVP_PKEY_CTX_new"
        )
        try OpenSSL.check(EVP_PKEY_derive_init(context.pointer), "EVP_PKEY_derive_init")
        // Both were looked at when they were read; doing it each time takes as long as the agreement.
        try OpenSSL.check(
            EVP_PKEY_derive_set_peer_ex(context.pointer, peer.handle.pointer, 0),
            "EVP_PKEY_derive_set_peer_ex"
        )
        var length = 0
        try OpenSSL.check(EVP_PKEY_derive(context.pointer, nil, &length), "EVP_PKEY_derive")
        return try SecretOctets(count: length) { (memory) throws(OpenSSLError) in
            let start = memory.bindMemory(to: UInt8.self).baseAddress
            try OpenSSL.check(EVP_PKEY_derive(context.pointer, start, &length), "EVP_PKEY_derive")
        }
    }

    /// Refuses a public key that is no point of its curve, or one that gives the same secret to everybody.
    static func require(_ key: VerifyingKey) throws(OpenSSLError) {
        ERR_clear_error()
        let context = try Handle<KeyContextObject>(
            adopting: EVP_PKEY_CTX_new(key.handle.pointer, nil),
            from: "EVP_PKEY_CTX_new"
        )
        try OpenSSL.check(EVP_PKEY_public_check(context.pointer), "EVP_PKEY_public_check")
    }

    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 8017 § 7.1).
    static func wrap(
        _ secret: borrowing SecretOctets,
        to recipient: VerifyingKey
    ) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let context = try Handle<KeyContextObject>(
            adopting: EVP_PKEY_CTX_new(recipient.handle.pointer, nil),
            from: "EVP_PKEY_CTX_new"
        )
        try OpenSSL.check(EVP_PKEY_encrypt_init(context.pointer), "EVP_PKEY_encrypt_init")
        try OpenSSL.check(
            EVP_PKEY_CTX_set_rsa_padding(context.pointer, RSA_PKCS1_OAEP_PADDING),
            "EVP_PKEY_CTX_set_rsa_padding"
        )
        let digest = FetchedDigest.pointer(for: .sha256)
        try OpenSSL.check(EVP_PKEY_CTX_set_rsa_oaep_md(context.pointer, digest), "EVP_PKEY_CTX_set_rsa_oaep_md")
        try OpenSSL.check(EVP_PKEY_CTX_set_rsa_mgf1_md(context.pointer, digest), "EVP_PKEY_CTX_set_rsa_mgf1_md")
        var length = Int(EVP_PKEY_get_size(recipient.handle.pointer))
        var wrapped = [UInt8](repeating: 0, count: length)
        let status = secret.withOctets { secret in
            EVP_PKEY_encrypt(
                context.pointer,
                &wrapped,
                &length,
                secret.bindMemory(to: UInt8.self).baseAddress,
                secret.count
            )
        }
        try OpenSSL.check(status, "EVP_PKEY_encrypt")
        return Array(wrapped.prefix(length))
    }
}
