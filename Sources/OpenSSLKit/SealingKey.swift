internal import COpenSSL

/// A key derived from a passphrase, or made at random, to seal other keys and secrets with AES-256-GCM.
///
/// A sealed blob is: one octet version, 12 octets nonce, ciphertext, 16 octets tag. The purpose is authenticated with
/// it, so a blob cannot be put in another's place.
public final class SealingKey: Sendable {
    /// Salt and cost of scrypt (RFC 7914).
    public struct Parameters: Hashable, Sendable {
        public let salt: [UInt8]
        /// Base-2 logarithm of the CPU and memory cost N.
        public let logarithmicCost: UInt8
        /// Block size r.
        public let blockSize: UInt8

        public init(salt: [UInt8], logarithmicCost: UInt8, blockSize: UInt8) {
            self.salt = salt
            self.logarithmicCost = logarithmicCost
            self.blockSize = blockSize
        }

        /// Fresh salt and today's cost: N = 2¹⁵, r = 8, that is 32 MiB and about 0.1 s.
        public static func fresh() throws(OpenSSLError) -> Parameters {
            Parameters(salt: try SystemRandom.octets(16), logarithmicCost: 15, blockSize: 8)
        }
    }

    /// Why a blob was not opened.
    public enum OpeningError: Error, Hashable, Sendable {
        /// Not a blob of a version known here.
        case malformed
        /// Another passphrase, another purpose, or altered octets; AES-GCM cannot tell which.
        case notAuthentic
        case library(OpenSSLError)
    }

    private static let version: UInt8 = 1
    private static let nonceLength = 12
    private static let tagLength = 16

    /// Octets of a key.
    static let length = 32

    let key: SecretOctets

    init(adopting key: consuming SecretOctets) {
        self.key = key
    }

    /// A fresh random key, which exists only in this process until it is ``sealed(by:for:)`` or split.
    ///
    /// - Throws: ``OpenSSLError`` when the generator is not seeded.
    public static func generate() throws(OpenSSLError) -> SealingKey {
        ERR_clear_error()
        let key = try SecretOctets(count: Self.length) { (memory) throws(OpenSSLError) in
            let start = memory.bindMemory(to: UInt8.self).baseAddress
            try OpenSSL.check(RAND_priv_bytes(start, CInt(memory.count)), "RAND_priv_bytes")
        }
        return SealingKey(adopting: key)
    }

    /// This key as a blob that `other` opens: ``init(opening:with:for:)``.
    public func sealed(by other: SealingKey, for purpose: String) throws(OpenSSLError) -> [UInt8] {
        try other.seal(self.key, for: purpose)
    }

    /// Opens what ``sealed(by:for:)`` gave for the same purpose.
    public init(opening blob: [UInt8], with other: SealingKey, for purpose: String) throws(OpeningError) {
        let key = try other.open(blob, for: purpose)
        guard key.count == Self.length else { throw .malformed }
        self.key = key
    }

    /// Derives the key; takes a noticeable time by design.
    public init(passphrase: borrowing SecretOctets, parameters: Parameters) throws(OpenSSLError) {
        ERR_clear_error()
        self.key = try SecretOctets(count: Self.length) { (memory) throws(OpenSSLError) in
            let status = passphrase.withOctets { passphrase in
                EVP_PBE_scrypt(
                    passphrase.bindMemory(to: CChar.self).baseAddress,
                    passphrase.count,
                    parameters.salt,
                    parameters.salt.count,
                    1 << UInt64(parameters.logarithmicCost),
                    UInt64(parameters.blockSize),
                    1,
                    512 << 20,
                    memory.bindMemory(to: UInt8.self).baseAddress,
                    memory.count
                )
            }
            try OpenSSL.check(status, "EVP_PBE_scrypt")
        }
    }

    /// Encrypts and authenticates `secret` together with `purpose`.
    public func seal(_ secret: borrowing SecretOctets, for purpose: String) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let nonce = try SystemRandom.octets(Self.nonceLength)
        let context = try self.context(encrypting: true, nonce: nonce, purpose: purpose)
        var ciphertext = [UInt8](repeating: 0, count: secret.count)
        var written: CInt = 0
        let status = secret.withOctets { plaintext in
            EVP_CipherUpdate(
                context.pointer,
                &ciphertext,
                &written,
                plaintext.bindMemory(to: UInt8.self).baseAddress,
                CInt(plaintext.count)
            )
        }
        try OpenSSL.check(status, "EVP_CipherUpdate")
        try OpenSSL.check(EVP_CipherFinal_ex(context.pointer, nil, &written), "EVP_CipherFinal_ex")
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        try OpenSSL.check(
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagLength), &tag),
            "EVP_CIPHER_CTX_ctrl"
        )
        return [Self.version] + nonce + ciphertext + tag
    }

    /// Opens what ``seal(_:for:)`` gave for the same purpose.
    public func open(_ blob: [UInt8], for purpose: String) throws(OpeningError) -> SecretOctets {
        guard blob.count >= 1 + Self.nonceLength + Self.tagLength, blob[0] == Self.version else { throw .malformed }
        let secret: SecretOctets?
        do throws(OpenSSLError) {
            secret = try self.decrypt(blob, for: purpose)
        } catch {
            throw .library(error)
        }
        guard let secret else { throw .notAuthentic }
        return secret
    }

    private func decrypt(_ blob: [UInt8], for purpose: String) throws(OpenSSLError) -> SecretOctets? {
        ERR_clear_error()
        let nonce = Array(blob[1..<1 + Self.nonceLength])
        let ciphertext = Array(blob[(1 + Self.nonceLength)..<(blob.count - Self.tagLength)])
        var tag = Array(blob.suffix(Self.tagLength))
        let context = try self.context(encrypting: false, nonce: nonce, purpose: purpose)
        var written: CInt = 0
        let secret = try SecretOctets(count: ciphertext.count) { (memory) throws(OpenSSLError) in
            let start = memory.bindMemory(to: UInt8.self).baseAddress
            try OpenSSL.check(
                EVP_CipherUpdate(context.pointer, start, &written, ciphertext, CInt(ciphertext.count)),
                "EVP_CipherUpdate"
            )
        }
        try OpenSSL.check(
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagLength), &tag),
            "EVP_CIPHER_CTX_ctrl"
        )
        guard EVP_CipherFinal_ex(context.pointer, nil, &written) == 1 else {
            ERR_clear_error()
            return nil
        }
        return secret
    }

    private func context(
        encrypting: Bool,
        nonce: [UInt8],
        purpose: String
    ) throws(OpenSSLError) -> Handle<CipherContextObject> {
        let context = try Handle<CipherContextObject>(adopting: EVP_CIPHER_CTX_new(), from: "EVP_CIPHER_CTX_new")
        let status = self.key.withOctets { key in
            EVP_CipherInit_ex(
                context.pointer,
                EVP_aes_256_gcm(),
                nil,
                key.bindMemory(to: UInt8.self).baseAddress,
                nonce,
                encrypting ? 1 : 0
            )
        }
        try OpenSSL.check(status, "EVP_CipherInit_ex")
        let label = Array(purpose.utf8)
        var written: CInt = 0
        try OpenSSL.check(
            EVP_CipherUpdate(context.pointer, nil, &written, label, CInt(label.count)),
            "EVP_CipherUpdate(purpose)"
        )
        return context
    }
}
