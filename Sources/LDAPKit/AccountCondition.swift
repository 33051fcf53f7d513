/// What the directory says about an account whose bind it refused, where it says more than "invalid credentials".
public enum AccountCondition: String, Hashable, Sendable, CaseIterable {
    case unknownUser
    case wrongPassword
    case notAllowedAtThisTime
    case notAllowedFromHere
    case passwordExpired
    case disabled
    case accountExpired
    case mustChangePassword
    case locked
}

extension AccountCondition {
    /// Reads Active Directory's sub-code out of the diagnostic text of a refused bind.
    ///
    /// The text reads `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580`; the
    /// hexadecimal number after `data` is a Win32 error code.
    ///
    /// - Returns: `nil` for other servers' texts and for codes without a meaning of their own here.
    public init?(activeDirectoryDiagnostic text: String) {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," })
        guard let marker = words.firstIndex(of: "data"), marker + 1 < words.endIndex else { return nil }
        switch UInt32(words[marker + 1], radix: 16) {
        case 0x525: self = .unknownUser
        case 0x52E: self = .wrongPassword
        case 0x530: self = .notAllowedAtThisTime
        case 0x531: self = .notAllowedFromHere
        case 0x532: self = .passwordExpired
        case 0x533: self = .disabled
        case 0x701: self = .accountExpired
        case 0x773: self = .mustChangePassword
        case 0x775: self = .locked
        default: return nil
        }
    }
}
