internal import COpenSSL

/// One-shot message digests.
public enum Digest {
    /// SHA-256 (FIPS 180-4), 32 octets.
    public static func sha256(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        try self.digest(message, with: FetchedDigest.pointer(for: .sha256), length: 32)
    }

    /// The digest that goes with a signature scheme: 32, 48 or 64 octets.
    public static func octets(
        of message: [UInt8],
        with algorithm: SignatureAlgorithm.Digest
    ) throws(OpenSSLError) -> [UInt8] {
        try self.digest(message, with: FetchedDigest.pointer(for: algorithm), length: algorithm.length)
    }

    /// The same over a part of larger octets, which are not copied for it.
    public static func sha256(_ message: ArraySlice<UInt8>) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        var octets = [UInt8](repeating: 0, count: 32)
        let method = FetchedDigest.pointer(for: .sha256)
        let status = message.withUnsafeBufferPointer { message in
            EVP_Digest(message.baseAddress, message.count, &octets, nil, method, nil)
        }
        try OpenSSL.check(status, "EVP_Digest")
        return octets
    }

    /// SHA-1, 20 octets; to name certificates as Windows does, never to protect anything.
    public static func sha1(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        try self.digest(message, with: FetchedDigest.secureHash1, length: 20)
    }

    /// MD5 (RFC 1321), 16 octets; for the challenge of device management, which knows no other, never to protect anything.
    ///
    /// - Throws: ``OpenSSLError`` also where the library's policy does not offer it.
    public static func md5(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let method = try OpenSSL.unwrap(FetchedDigest.messageDigest5, "EVP_MD_fetch")
        return try self.digest(message, with: method, length: 16)
    }

    private static func digest(
        _ message: [UInt8],
        with method: OpaquePointer?,
        length: Int
    ) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        var octets = [UInt8](repeating: 0, count: length)
        try OpenSSL.check(EVP_Digest(message, message.count, &octets, nil, method, nil), "EVP_Digest")
        return octets
    }
}
