internal import COpenSSL

/// Derives a key from what two sides agreed on: the Concat KDF of RFC 7518 § 4.6.2.
enum ConcatenationDerivation {
    /// - Parameters:
    ///   - secret: What ECDH gave, Z.
    ///   - algorithm: The `enc` of the message, since the key is used directly.
    ///   - producer: `PartyUInfo`, the `apu` of the message, decoded.
    ///   - consumer: `PartyVInfo`, its `apv`.
    ///   - length: Octets of the key, 32 at most, which is one round.
    /// - Returns: The key.
    /// - Throws: ``OpenSSLError`` when the library makes no digest.
    static func key(
        from secret: borrowing SecretOctets,
        algorithm: String,
        producer: [UInt8] = [],
        consumer: [UInt8] = [],
        length: Int
    ) throws(OpenSSLError) -> SecretOctets {
        ERR_clear_error()
        precondition(length <= 32, "one round of SHA-256 gives 32 octets")
        let context = try Handle<DigestContextObject>(adopting: EVP_MD_CTX_new(), from: "EVP_MD_CTX_new")
        try OpenSSL.check(
            EVP_DigestInit_ex(context.pointer, FetchedDigest.pointer(for: .sha256), nil),
            "EVP_DigestInit_ex"
        )
        let round = self.number(1)
        try OpenSSL.check(EVP_DigestUpdate(context.pointer, round, round.count), "EVP_DigestUpdate")
        let status = secret.withOctets { EVP_DigestUpdate(context.pointer, $0.baseAddress, $0.count) }
        try OpenSSL.check(status, "EVP_DigestUpdate")
        let other =
            self.counted(Array(algorithm.utf8)) + self.counted(producer) + self.counted(consumer)
            + self.number(length * 8)
        try OpenSSL.check(EVP_DigestUpdate(context.pointer, other, other.count), "EVP_DigestUpdate")
        let digest = try SecretOctets(count: 32) { (memory) throws(OpenSSLError) in
            let start = memory.bindMemory(to: UInt8.self).baseAddress
            try OpenSSL.check(EVP_DigestFinal_ex(context.pointer, start, nil), "EVP_DigestFinal_ex")
        }
        return SecretOctets(count: length) { memory in
            digest.withOctets { memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        }
    }

    private static func counted(_ octets: [UInt8]) -> [UInt8] {
        self.number(octets.count) + octets
    }

    /// 32 bits, big-endian.
    private static func number(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) }
    }
}
