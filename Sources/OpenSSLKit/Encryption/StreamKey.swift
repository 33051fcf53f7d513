internal import COpenSSL

/// A key derived from a passphrase that encrypts one long stream, chunk by chunk, with AES-256-GCM.
///
/// It is the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár ("Online Authenticated-Encryption and its
/// Nonce-Reuse Misuse-Resistance", 2015): the nonce of a chunk is its number and whether it is the last, so that a chunk
/// that is missing, moved, repeated or added does not open. Each stream has a salt, and so a key, of its own.
public final class StreamKey: Sendable {
    /// Which place of the stream is sealed or opened.
    public enum Place: Hashable, Sendable {
        /// What tells a wrong passphrase from a damaged stream, before the first chunk.
        case check
        case chunk(UInt64)
        case last(UInt64)
    }

    public static let tagLength = 16

    private let key: SecretOctets
    private let header: [UInt8]

    /// Derives the key (scrypt, RFC 7914); takes a noticeable time by design.
    ///
    /// - Parameters:
    ///   - passphrase: What people keep.
    ///   - parameters: Salt and cost, at most 512 MiB of memory.
    ///   - header: What stands before the stream; authenticated with each chunk.
    /// - Throws: ``OpenSSLError`` for a cost that the library does not take.
    public init(
        passphrase: borrowing SecretOctets,
        parameters: SealingKey.Parameters,
        header: [UInt8]
    ) throws(OpenSSLError) {
        ERR_clear_error()
        self.header = header
        self.key = try SecretOctets(count: 32) { (memory) throws(OpenSSLError) in
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

    /// - Returns: As many octets as `chunk` has, and the tag.
    public func seal(_ chunk: ArraySlice<UInt8>, at place: Place) throws(OpenSSLError) -> [UInt8] {
        ERR_clear_error()
        let context = try self.context(encrypting: true, place)
        var sealed = [UInt8](repeating: 0, count: chunk.count)
        try Self.update(context, &sealed, with: chunk)
        var written: CInt = 0
        try OpenSSL.check(EVP_CipherFinal_ex(context.pointer, nil, &written), "EVP_CipherFinal_ex")
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        try OpenSSL.check(
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagLength), &tag),
            "EVP_CIPHER_CTX_ctrl"
        )
        return sealed + tag
    }

    /// - Returns: What was sealed; `nil` for octets that this key did not seal at this place.
    public func open(_ sealed: ArraySlice<UInt8>, at place: Place) throws(OpenSSLError) -> [UInt8]? {
        guard sealed.count >= Self.tagLength else { return nil }
        ERR_clear_error()
        let context = try self.context(encrypting: false, place)
        let ciphertext = sealed.dropLast(Self.tagLength)
        var chunk = [UInt8](repeating: 0, count: ciphertext.count)
        try Self.update(context, &chunk, with: ciphertext)
        var tag = Array(sealed.suffix(Self.tagLength))
        try OpenSSL.check(
            EVP_CIPHER_CTX_ctrl(context.pointer, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagLength), &tag),
            "EVP_CIPHER_CTX_ctrl"
        )
        var written: CInt = 0
        guard EVP_CipherFinal_ex(context.pointer, nil, &written) == 1 else {
            ERR_clear_error()
            return nil
        }
        return chunk
    }

    private static func update(
        _ context: borrowing Handle<CipherContextObject>,
        _ output: inout [UInt8],
        with input: ArraySlice<UInt8>
    ) throws(OpenSSLError) {
        guard !input.isEmpty else { return }
        var written: CInt = 0
        let status = input.withUnsafeBufferPointer { input in
            EVP_CipherUpdate(context.pointer, &output, &written, input.baseAddress, CInt(input.count))
        }
        try OpenSSL.check(status, "EVP_CipherUpdate")
    }

    private func context(encrypting: Bool, _ place: Place) throws(OpenSSLError) -> Handle<CipherContextObject> {
        let context = try Handle<CipherContextObject>(adopting: EVP_CIPHER_CTX_new(), from: "EVP_CIPHER_CTX_new")
        let status = self.key.withOctets { key in
            EVP_CipherInit_ex(
                context.pointer,
                EVP_aes_256_gcm(),
                nil,
                key.bindMemory(to: UInt8.self).baseAddress,
                place.nonce,
                encrypting ? 1 : 0
            )
        }
        try OpenSSL.check(status, "EVP_CipherInit_ex")
        var written: CInt = 0
        try OpenSSL.check(
            EVP_CipherUpdate(context.pointer, nil, &written, self.header, CInt(self.header.count)),
            "EVP_CipherUpdate(header)"
        )
        return context
    }
}

extension StreamKey.Place {
    /// 12 octets: what it is, three zeros, the number.
    fileprivate var nonce: [UInt8] {
        let (kind, number): (UInt8, UInt64) =
            switch self {
            case .chunk(let number): (0, number)
            case .last(let number): (1, number)
            case .check: (2, 0)
            }
        return [kind, 0, 0, 0] + withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
