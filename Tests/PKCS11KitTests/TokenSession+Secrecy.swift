@testable import PKCS11Kit

/// Attributes of private keys, by their numbers in the standard (PKCS #11 v2.40 § 4.9).
enum SecretAttribute: UInt, CaseIterable {
    case isPrivate = 0x02
    /// The key itself, in one form or another.
    case value = 0x11
    case isSensitive = 0x103
    case privateExponent = 0x123
    case isExtractable = 0x162
}

extension TokenSession {
    /// What the token tells of a private key; it must not tell `value` and `privateExponent`.
    func secrecy(of name: TokenKeyName) throws(PKCS11Error) -> [SecretAttribute: [UInt8]] {
        let key = try self.privateKey(name)
        var attributes: [SecretAttribute: [UInt8]] = [:]
        for attribute in SecretAttribute.allCases {
            do throws(PKCS11Error) {
                attributes[attribute] = try self.value(attribute.rawValue, of: key)
            } catch  where error.kind == .refused {
                continue
            }
        }
        return attributes
    }
}
