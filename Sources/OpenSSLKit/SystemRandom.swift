internal import COpenSSL

/// OpenSSL's cryptographic generator, seeded by the system.
public enum SystemRandom {
    /// - Throws: ``OpenSSLError`` when the generator is not seeded.
    public static func octets(_ count: Int) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        var octets = [UInt8](repeating: 0, count: count)
        try OpenSSL.check(RAND_bytes(&octets, CInt(count)), "RAND_bytes")
        return octets
    }
}
