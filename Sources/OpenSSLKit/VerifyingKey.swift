internal import COpenSSL

/// A public key that can check signatures.
public final class VerifyingKey: Sendable {
    /// A curve whose points are accepted.
    public enum Curve: Hashable, Sendable {
        case p256
        case p384
    }

    let handle: Handle<KeyObject>

    init(_ handle: consuming Handle<KeyObject>) {
        self.handle = handle
    }

    /// Builds an RSA key from its numbers, big-endian: some 25 times faster than decoding a SubjectPublicKeyInfo.
    public convenience init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let n = try Handle<NumberObject>(adopting: BN_bin2bn(modulus, CInt(modulus.count), nil), from: "BN_bin2bn")
        let e = try Handle<NumberObject>(adopting: BN_bin2bn(exponent, CInt(exponent.count), nil), from: "BN_bin2bn")
        let builder = try ParameterBuilder()
        try builder.push(n, as: "n")
        try builder.push(e, as: "e")
        let key = try builder.publicKey("RSA")
        // The builder borrows the numbers until the key is made.
        withExtendedLifetime(n) {}
        withExtendedLifetime(e) {}
        self.init(key)
    }

    /// Builds an elliptic-curve key from its encoded point (SEC 1 § 2.3.3).
    ///
    /// - Throws: ``OpenSSLError`` when the point is not on the curve, or is the one at infinity.
    public convenience init(curve: Curve, point: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        // The library takes the point at infinity, under which anybody can make signatures.
        guard point != [0] else { throw OpenSSLError(during: "EVP_PKEY_fromdata(the point at infinity)") }
        let builder = try ParameterBuilder()
        let key = point.withUnsafeBytes { point in
            Result { () throws(OpenSSLError) in
                try builder.push(curve.name, as: "group")
                try builder.push(point, as: "pub")
                return try builder.publicKey("EC").relinquish()
            }
        }
        self.init(try Handle(adopting: try key.get(), from: "EVP_PKEY_fromdata"))
    }

    /// Builds an Ed25519 key from its 32 octets (RFC 8032 § 5.1.5).
    public convenience init(ed25519 octets: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        self.init(
            try Handle(
                adopting: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, octets, octets.count),
                from: "EVP_PKEY_new_raw_public_key"
            )
        )
    }

    /// Decodes a SubjectPublicKeyInfo, DER; for keys that are kept, not for one request's.
    public convenience init(publicKeyInfo: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let pointer = publicKeyInfo.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var cursor = buffer.baseAddress
            return d2i_PUBKEY(nil, &cursor, buffer.count)
        }
        self.init(try Handle(adopting: pointer, from: "d2i_PUBKEY"))
    }

    /// Whether `signature` over `message` is this key's.
    ///
    /// - Throws: ``OpenSSLError`` when the check could not be made, which is not the same as a wrong signature.
    public func verifies(
        _ signature: [UInt8],
        over message: [UInt8],
        with algorithm: SignatureAlgorithm
    ) throws(OpenSSLError) -> Bool {
        ERR_clear_error()
        let context = try Handle<DigestContextObject>(adopting: EVP_MD_CTX_new(), from: "EVP_MD_CTX_new")
        try OpenSSL.check(
            EVP_DigestVerifyInit(context.pointer, nil, algorithm.messageDigest, nil, self.handle.pointer),
            "EVP_DigestVerifyInit"
        )
        let status = EVP_DigestVerify(context.pointer, signature, signature.count, message, message.count)
        // A malformed signature is reported as an error below zero; it is a wrong one all the same.
        ERR_clear_error()
        return status == 1
    }
}

extension VerifyingKey.Curve {
    fileprivate var name: StaticString {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        }
    }
}

/// Collects the numbers of a key.
///
/// It keeps the pointers it is given, names included: hence static strings, and values that outlive ``publicKey(_:)``.
private struct ParameterBuilder: ~Copyable {
    private let handle: Handle<ParameterBuilderObject>

    init() throws(OpenSSLError) {
        self.handle = try Handle(adopting: OSSL_PARAM_BLD_new(), from: "OSSL_PARAM_BLD_new")
    }

    func push(_ number: borrowing Handle<NumberObject>, as name: StaticString) throws(OpenSSLError) {
        try OpenSSL.check(
            OSSL_PARAM_BLD_push_BN(self.handle.pointer, name.characters, number.pointer),
            "OSSL_PARAM_BLD_push_BN"
        )
    }

    func push(_ text: StaticString, as name: StaticString) throws(OpenSSLError) {
        try OpenSSL.check(
            OSSL_PARAM_BLD_push_utf8_string(self.handle.pointer, name.characters, text.characters, 0),
            "OSSL_PARAM_BLD_push_utf8_string"
        )
    }

    func push(_ octets: UnsafeRawBufferPointer, as name: StaticString) throws(OpenSSLError) {
        try OpenSSL.check(
            OSSL_PARAM_BLD_push_octet_string(self.handle.pointer, name.characters, octets.baseAddress, octets.count),
            "OSSL_PARAM_BLD_push_octet_string"
        )
    }

    func publicKey(_ type: StaticString) throws(OpenSSLError) -> Handle<KeyObject> {
        guard let parameters = OSSL_PARAM_BLD_to_param(self.handle.pointer) else {
            throw OpenSSLError(during: "OSSL_PARAM_BLD_to_param")
        }
        defer { OSSL_PARAM_free(parameters) }
        let context = try Handle<KeyContextObject>(
            adopting: EVP_PKEY_CTX_new_from_name(nil, type.characters, nil),
            from: "EVP_PKEY_CTX_new_from_name"
        )
        try OpenSSL.check(EVP_PKEY_fromdata_init(context.pointer), "EVP_PKEY_fromdata_init")
        var key: OpaquePointer?
        try OpenSSL.check(
            EVP_PKEY_fromdata(context.pointer, &key, copenssl_public_key_selection(), parameters),
            "EVP_PKEY_fromdata"
        )
        return try Handle(adopting: key, from: "EVP_PKEY_fromdata")
    }
}

extension StaticString {
    fileprivate var characters: UnsafePointer<CChar> {
        UnsafeRawPointer(self.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

enum NumberObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { BN_clear_free(pointer) }
}

enum ParameterBuilderObject: ForeignObject {
    static func release(_ pointer: OpaquePointer) { OSSL_PARAM_BLD_free(pointer) }
}
