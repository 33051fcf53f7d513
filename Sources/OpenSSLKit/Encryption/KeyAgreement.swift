internal import COpenSSL

/// Elliptic-curve Diffie-Hellman (SEC 1 § 3.3.1).
enum KeyAgreement {
    /// What the private key and the other side's public key, of the same curve, give: the x coordinate.
    static func secret(
        of key: SigningKey,
        with peer: VerifyingKey
    ) throws(OpenSSLError) -> SecretOctets {
        ERR_clear_error()
        let context = try Handle<KeyContextObject>(
            adopting: EVP_PKEY_CTX_new(key.handle.pointer, nil),
            from: "EVP_PKEY_CTX_new"
        )
        try OpenSSL.check(EVP_PKEY_derive_init(context.pointer), "EVP_PKEY_derive_init")
        try OpenSSL.check(EVP_PKEY_derive_set_peer(context.pointer, peer.handle.pointer), "EVP_PKEY_derive_set_peer")
        var length = 0
        try OpenSSL.check(EVP_PKEY_derive(context.pointer, nil, &length), "EVP_PKEY_derive")
        return try SecretOctets(count: length) { (memory) throws(OpenSSLError) in
            let start = memory.bindMemory(to: UInt8.self).baseAddress
            try OpenSSL.check(EVP_PKEY_derive(context.pointer, start, &length), "EVP_PKEY_derive")
        }
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
