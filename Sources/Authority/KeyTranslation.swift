internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

// One place where the three vocabularies meet: X509Kit reads keys, OpenSSLKit computes with them, the core names them.

extension VerifyingKey {
    /// Builds a key from the raw numbers of a SubjectPublicKeyInfo.
    convenience init(_ key: PublicKeyInfo.Key) throws(OpenSSLError) {
        switch key {
        case .rsa(let modulus, let exponent): try self.init(rsaModulus: modulus, exponent: exponent)
        case .elliptic(.p256, let point): try self.init(curve: .p256, point: point)
        case .elliptic(.p384, let point): try self.init(curve: .p384, point: point)
        case .ed25519(let octets): try self.init(ed25519: octets)
        }
    }
}

extension SignatureAlgorithm {
    init(_ scheme: SignatureScheme) {
        switch scheme {
        case .rsaWithSHA256: self = .rsaPKCS1(.sha256)
        case .rsaWithSHA384: self = .rsaPKCS1(.sha384)
        case .rsaWithSHA512: self = .rsaPKCS1(.sha512)
        case .ecdsaWithSHA256: self = .ecdsa(.sha256)
        case .ecdsaWithSHA384: self = .ecdsa(.sha384)
        case .ecdsaWithSHA512: self = .ecdsa(.sha512)
        case .ed25519: self = .ed25519
        }
    }
}

extension SignatureScheme {
    /// Whether a key of this kind can make such a signature.
    func fits(_ key: PublicKeyInfo.Key) -> Bool {
        switch (self, key) {
        case (.rsaWithSHA256, .rsa), (.rsaWithSHA384, .rsa), (.rsaWithSHA512, .rsa): true
        case (.ecdsaWithSHA256, .elliptic), (.ecdsaWithSHA384, .elliptic), (.ecdsaWithSHA512, .elliptic): true
        case (.ed25519, .ed25519): true
        default: false
        }
    }

    /// The scheme an authority key of `type` signs with.
    init(_ type: KeyType) {
        switch type {
        case .rsa: self = .rsaWithSHA256
        case .ecdsaP256: self = .ecdsaWithSHA256
        case .ecdsaP384: self = .ecdsaWithSHA384
        case .ed25519: self = .ed25519
        }
    }
}

extension KeyAlgorithm {
    init(_ key: PublicKeyInfo.Key) {
        switch key {
        case .rsa(let modulus, _): self = .rsa(bits: modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0))
        case .elliptic(.p256, _): self = .ecdsaP256
        case .elliptic(.p384, _): self = .ecdsaP384
        case .ed25519: self = .ed25519
        }
    }
}
