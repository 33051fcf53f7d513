internal import COpenSSL

extension SigningKey {
    /// Takes an Ed25519 key by its seed, the 32 octets that RFC 8032 § 5.1.5 calls the private key.
    ///
    /// - Throws: ``OpenSSLError`` for any other length, too.
    public convenience init(ed25519Seed seed: borrowing SecretOctets) throws(OpenSSLError) {
        ERR_clear_error()
        let pointer = seed.withOctets { seed in
            EVP_PKEY_new_raw_private_key(
                EVP_PKEY_ED25519,
                nil,
                seed.bindMemory(to: UInt8.self).baseAddress,
                seed.count
            )
        }
        try self.init(adopting: try Handle(adopting: pointer, from: "EVP_PKEY_new_raw_private_key"))
    }

    /// The public half of an Ed25519 key, 32 octets; `nil` for another kind of key.
    public var ed25519PublicKey: [UInt8]? {
        // Its SubjectPublicKeyInfo has no parameters and ends with them (RFC 8410 § 4).
        self.type == .ed25519 ? Array(self.publicKeyInfo.suffix(32)) : nil
    }
}
