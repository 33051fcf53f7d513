/// Turns what tokens make into what certificates hold.
enum SignatureEncoding {
    /// DigestInfo (RFC 8017 § 9.2) of SHA-256, up to the digest.
    private static let sha256: [UInt8] = [
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
        0x20,
    ]

    static func digestInfo(sha256 digest: [UInt8]) -> [UInt8] {
        self.sha256 + digest
    }

    /// Ecdsa-Sig-Value (RFC 3279 § 2.2.3) from both numbers one after the other, of equal length.
    ///
    /// - Throws: ``PKCS11Error`` when there are not two numbers.
    static func der(ofRaw signature: [UInt8]) throws(PKCS11Error) -> [UInt8] {
        guard !signature.isEmpty, signature.count.isMultiple(of: 2) else {
            throw PKCS11Error(.refused, during: "C_Sign", "the token made a signature of \(signature.count) octets")
        }
        let half = signature.count / 2
        return DER.sequence(DER.integer(signature[..<half]), DER.integer(signature[half...]))
    }
}
