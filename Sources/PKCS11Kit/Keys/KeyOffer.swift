internal import CPKCS11

/// How a token is asked to make a key pair of some kind (PKCS #11 v2.40 § 4.8, § 4.9).
struct KeyOffer {
    private let kind: TokenKeyKind

    init(_ kind: TokenKeyKind) {
        self.kind = kind
    }

    /// Makes such pairs.
    var mechanism: UInt {
        switch self.kind {
        case .rsa: CKM_RSA_PKCS_KEY_PAIR_GEN
        case .ecdsaP256, .ecdsaP384: CKM_EC_KEY_PAIR_GEN
        case .ed25519: CKM_EC_EDWARDS_KEY_PAIR_GEN
        }
    }

    func publicAttributes(_ name: TokenKeyName) -> AttributeList {
        var attributes = AttributeList()
        attributes.set(CKA_CLASS, to: CKO_PUBLIC_KEY)
        self.name(name, in: &attributes)
        attributes.set(CKA_VERIFY, to: true)
        switch self.kind {
        case .rsa(let bits):
            attributes.set(CKA_MODULUS_BITS, to: UInt(bits))
            attributes.set(CKA_PUBLIC_EXPONENT, to: [0x01, 0x00, 0x01])
        case .ecdsaP256: attributes.set(CKA_EC_PARAMS, to: PublicKeyEncoding.p256)
        case .ecdsaP384: attributes.set(CKA_EC_PARAMS, to: PublicKeyEncoding.p384)
        case .ed25519: attributes.set(CKA_EC_PARAMS, to: PublicKeyEncoding.edwards25519)
        }
        return attributes
    }

    /// It signs and does nothing else, and does not leave the token.
    func privateAttributes(_ name: TokenKeyName) -> AttributeList {
        var attributes = AttributeList()
        attributes.set(CKA_CLASS, to: CKO_PRIVATE_KEY)
        self.name(name, in: &attributes)
        attributes.set(CKA_PRIVATE, to: true)
        attributes.set(CKA_SENSITIVE, to: true)
        attributes.set(CKA_EXTRACTABLE, to: false)
        attributes.set(CKA_SIGN, to: true)
        for other in [CKA_DECRYPT, CKA_UNWRAP] where self.isRSA { attributes.set(other, to: false) }
        if !self.isRSA { attributes.set(CKA_DERIVE, to: false) }
        return attributes
    }

    /// `nil` for other keys than RSA.
    var modulusBits: UInt? {
        if case .rsa(let bits) = self.kind { UInt(max(0, bits)) } else { nil }
    }

    private var isRSA: Bool { self.modulusBits != nil }

    private func name(_ name: TokenKeyName, in attributes: inout AttributeList) {
        attributes.set(CKA_TOKEN, to: true)
        attributes.set(CKA_LABEL, to: Array(name.label.utf8))
        attributes.set(CKA_ID, to: name.id)
    }
}
