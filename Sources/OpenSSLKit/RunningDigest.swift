internal import COpenSSL

/// SHA-256 (FIPS 180-4) over octets that come piece by piece.
public final class RunningDigest {
    private let context: Handle<DigestContextObject>

    public init() throws(OpenSSLError) {
        ERR_clear_error()
        self.context = try Handle(adopting: EVP_MD_CTX_new(), from: "EVP_MD_CTX_new")
        let method = FetchedDigest.pointer(for: .sha256)
        try OpenSSL.check(EVP_DigestInit_ex2(self.context.pointer, method, nil), "EVP_DigestInit_ex2")
    }

    /// Takes the next piece.
    public func append(_ octets: ArraySlice<UInt8>) throws(OpenSSLError) {
        ERR_clear_error()
        let status = octets.withUnsafeBufferPointer { octets in
            EVP_DigestUpdate(self.context.pointer, octets.baseAddress, octets.count)
        }
        try OpenSSL.check(status, "EVP_DigestUpdate")
    }

    /// Ends it; nothing can be appended afterwards.
    ///
    /// - Returns: 32 octets.
    public func finish() throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        var octets = [UInt8](repeating: 0, count: 32)
        try OpenSSL.check(EVP_DigestFinal_ex(self.context.pointer, &octets, nil), "EVP_DigestFinal_ex")
        return octets
    }
}
