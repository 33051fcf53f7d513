internal import COpenSSL

/// Public keys as JSON Web Keys (RFC 7517).
enum WebKey {
    /// The members of an elliptic-curve key: `crv`, and `x` and `y` in base64url.
    static func point(of key: borrowing Handle<KeyObject>, _ type: KeyType) throws(OpenSSLError) -> (
        curve: String, x: String, y: String
    ) {
        var octets: UnsafeMutablePointer<UInt8>?
        let count = EVP_PKEY_get1_encoded_public_key(key.pointer, &octets)
        guard count > 0, let octets else { throw OpenSSLError(during: "EVP_PKEY_get1_encoded_public_key") }
        defer { copenssl_free(octets) }
        let point = Array(UnsafeBufferPointer(start: octets, count: count))
        let half = type == .ecdsaP256 ? 32 : 48
        // SEC 1 § 2.3.3, not compressed: 04, x, y.
        guard point.count == 1 + 2 * half, point[0] == 4 else {
            throw OpenSSLError(during: "EVP_PKEY_get1_encoded_public_key(a compressed point)")
        }
        return (
            type == .ecdsaP256 ? "P-256" : "P-384",
            Base64.encodeForURL(Array(point[1...half])),
            Base64.encodeForURL(Array(point[(1 + half)...]))
        )
    }

    /// The thumbprint of RFC 7638 by SHA-256, in base64url.
    static func thumbprint(of key: VerifyingKey, type: KeyType) throws(OpenSSLError) -> String {
        ERR_clear_error()
        let members: String
        switch type {
        case .rsa:
            let modulus = try self.number("n", of: key.handle)
            let exponent = try self.number("e", of: key.handle)
            members = #"{"e":"\#(exponent)","kty":"RSA","n":"\#(modulus)"}"#
        default:
            let point = try self.point(of: key.handle, type)
            members = #"{"crv":"\#(point.curve)","kty":"EC","x":"\#(point.x)","y":"\#(point.y)"}"#
        }
        return Base64.encodeForURL(try Digest.sha256(Array(members.utf8)))
    }

    private static func number(
        _ name: String,
        of key: borrowing Handle<KeyObject>
    ) throws(OpenSSLError) -> String {
        var pointer: OpaquePointer?
        try OpenSSL.check(EVP_PKEY_get_bn_param(key.pointer, name, &pointer), "EVP_PKEY_get_bn_param")
        let number = try Handle<NumberObject>(adopting: pointer, from: "EVP_PKEY_get_bn_param")
        var octets = [UInt8](repeating: 0, count: Int(BN_num_bits(number.pointer) + 7) / 8)
        BN_bn2bin(number.pointer, &octets)
        return Base64.encodeForURL(octets)
    }
}
