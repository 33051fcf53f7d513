internal import COpenSSL

/// Somebody's public key, to encrypt to: RSA of 2048 bits and more, P-256 or P-384.
public final class RecipientKey: Sendable {
    /// Why a key cannot be encrypted to.
    public enum ReadingError: Error, Hashable, Sendable {
        /// Neither a public key nor a certificate, in PEM.
        case noKey
        /// A kind or size of key that is not offered; says which.
        case unsupported(String)
        case library(OpenSSLError)
    }

    /// Names the key to its owner: given with it, or the thumbprint of RFC 7638.
    public let keyID: String
    let type: KeyType
    let key: VerifyingKey

    /// - Parameters:
    ///   - key: A public key.
    ///   - keyID: What its owner calls it; `nil` for its thumbprint.
    /// - Throws: ``ReadingError``.
    public init(_ key: VerifyingKey, keyID: String? = nil) throws(ReadingError) {
        do throws(OpenSSLError) {
            self.type = try KeyType(of: key.handle.pointer)
        } catch {
            throw .unsupported("the key is of a kind that is not offered; use RSA, P-256 or P-384")
        }
        switch self.type {
        case .rsa(let bits) where bits < 2_048:
            throw .unsupported("an RSA key of \(bits) bits is too short; use 2048 or more")
        case .ed25519:
            throw .unsupported("an Ed25519 key signs and does not decrypt; use RSA, P-256 or P-384")
        case .rsa, .ecdsaP256, .ecdsaP384:
            break
        }
        self.key = key
        do throws(OpenSSLError) {
            try KeyAgreement.require(key)
            self.keyID = if let keyID { keyID } else { try WebKey.thumbprint(of: key, type: self.type) }
        } catch {
            throw .library(error)
        }
    }

    /// Reads the first public key (`PUBLIC KEY`) or certificate of a PEM file.
    public convenience init(pem: String, keyID: String? = nil) throws(ReadingError) {
        let key: VerifyingKey?
        do throws(OpenSSLError) {
            if let octets = Self.block("PUBLIC KEY", in: pem) {
                key = try VerifyingKey(publicKeyInfo: octets)
            } else if let octets = Self.block("CERTIFICATE", in: pem) {
                key = try VerifyingKey(certificate: octets)
            } else {
                key = nil
            }
        } catch {
            throw .library(error)
        }
        guard let key else { throw .noKey }
        try self.init(key, keyID: keyID)
    }

    private static func block(_ label: String, in pem: String) -> [UInt8]? {
        let lines = pem.split(whereSeparator: \.isNewline)
        guard let start = lines.firstIndex(of: "-----BEGIN \(label)-----"),
            let end = lines[start...].firstIndex(of: "-----END \(label)-----")
        else { return nil }
        return Base64.decode(lines[(start + 1)..<end].joined())
    }
}

extension VerifyingKey {
    /// The key of a certificate, DER; who signed it and until when it is valid is not looked at.
    public convenience init(certificate der: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let pointer = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var cursor = buffer.baseAddress
            return d2i_X509(nil, &cursor, buffer.count)
        }
        let certificate = try Handle<CertificateObject>(adopting: pointer, from: "d2i_X509")
        self.init(try Handle(adopting: X509_get_pubkey(certificate.pointer), from: "X509_get_pubkey"))
    }
}
