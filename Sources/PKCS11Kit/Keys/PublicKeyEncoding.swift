/// Makes SubjectPublicKeyInfo (RFC 5280 § 4.1.2.7) of what tokens say of public keys.
enum PublicKeyEncoding {
    /// Object identifiers as tokens take and give them, DER.
    static let p256: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    static let p384: [UInt8] = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
    static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]
    /// PrintableString `edwards25519`, the other way to name the curve (PKCS #11 v3.0 § 2.3.10).
    static let edwards25519: [UInt8] = [0x13, 0x0C] + Array("edwards25519".utf8)

    private static let ellipticKey: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    private static let rsaKey: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    private static let null: [UInt8] = [0x05, 0x00]

    /// - Parameters:
    ///   - parameters: `CKA_EC_PARAMS`.
    ///   - point: `CKA_EC_POINT`: an OCTET STRING by the standard, the bare point on some tokens.
    /// - Returns: `nil` for a curve that is not offered, or a point that is not uncompressed.
    static func elliptic(parameters: [UInt8], point: [UInt8]) -> (kind: TokenKeyKind, info: [UInt8])? {
        let kind: TokenKeyKind
        let length: Int
        switch parameters {
        case self.p256: (kind, length) = (.ecdsaP256, 65)
        case self.p384: (kind, length) = (.ecdsaP384, 97)
        default: return nil
        }
        let bare = point.count == length ? point : DER.octetString(point, count: length)
        guard let bare, bare.first == 0x04 else { return nil }
        return (kind, DER.sequence(DER.sequence(self.ellipticKey, parameters), DER.bitString(bare)))
    }

    static func edwards(parameters: [UInt8], point: [UInt8]) -> (kind: TokenKeyKind, info: [UInt8])? {
        guard parameters == self.ed25519 || parameters == self.edwards25519 else { return nil }
        guard let bare = point.count == 32 ? point : DER.octetString(point, count: 32) else { return nil }
        return (.ed25519, DER.sequence(DER.sequence(self.ed25519), DER.bitString(bare)))
    }

    /// - Returns: `nil` without a modulus.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> (kind: TokenKeyKind, info: [UInt8])? {
        let digits = modulus.drop { $0 == 0 }
        guard let first = digits.first else { return nil }
        let key = DER.sequence(DER.integer(digits), DER.integer(exponent))
        return (
            .rsa(bits: digits.count * 8 - first.leadingZeroBitCount),
            DER.sequence(DER.sequence(self.rsaKey, self.null), DER.bitString(key))
        )
    }
}
